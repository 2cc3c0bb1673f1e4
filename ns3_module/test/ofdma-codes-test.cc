// SPDX-License-Identifier: GPL-2.0-only
// The vectors that C++ and Python share.
#include <ns3/ofdma-codes.h>
#include <ns3/test.h>

#include <fstream>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>
#include <sstream>

using namespace ns3;
using google::protobuf::Struct;

namespace
{

/// \return a number of a JSON object
uint32_t
GetNumber(const Struct& object, const std::string& field)
{
    return static_cast<uint32_t>(object.fields().at(field).number_value());
}

/// \return a text of a JSON object
std::string
GetText(const Struct& object, const std::string& field)
{
    return object.fields().at(field).string_value();
}

/// \return the number at the end of a sentence, for instance 3 of "bsr 3" and "m3"
uint32_t
GetLastNumber(const std::string& sentence)
{
    return std::stoul(sentence.substr(sentence.find_last_not_of("0123456789") + 1));
}

/// \return code of an access, by the rules of codes.proto
uint16_t
GetAccess(const Struct& action)
{
    const std::string access = GetText(action, "access");
    if (access == "hold")
    {
        return OfdmaCodes::HOLD;
    }
    return access == "delete" ? uint16_t(OfdmaCodes::DELETE)
                              : OfdmaCodes::TRANSMIT + GetNumber(action, "rbg");
}

/// \return code of a UCM
uint16_t
GetUcm(const std::string& sentence)
{
    if (sentence == "null")
    {
        return OfdmaCodes::UCM_NULL;
    }
    if (sentence == "sr")
    {
        return OfdmaCodes::SR;
    }
    return (sentence[0] == 'm' ? uint16_t(OfdmaCodes::SYMBOL) : uint16_t(OfdmaCodes::BSR)) +
           GetLastNumber(sentence);
}

} // namespace

/// Every vector of tests/vectors/codes.json.
class OfdmaCodesTestCase : public TestCase
{
  public:
    OfdmaCodesTestCase()
        : TestCase("the shared vectors")
    {
    }

  private:
    void DoRun() override
    {
        std::ifstream file(LLMAC_CODE_VECTORS);
        std::stringstream text;
        text << file.rdbuf();
        google::protobuf::ListValue cells;
        const auto status = google::protobuf::util::JsonStringToMessage(text.str(), &cells);
        NS_TEST_ASSERT_MSG_EQ(status.ok(), true, LLMAC_CODE_VECTORS << " cannot be read");
        NS_TEST_ASSERT_MSG_GT(cells.values_size(), 2, "there are too few vectors");
        for (const auto& cell : cells.values())
        {
            CheckCell(cell.struct_value());
        }
    }

    /// Check the codes of one cell.
    void CheckCell(const Struct& cell)
    {
        const auto& vocabulary = cell.fields().at("vocabulary").struct_value();
        const bool opaque = vocabulary.fields().count("opaque") > 0;
        const auto& kind = vocabulary.fields().at(opaque ? "opaque" : "semantic").struct_value();
        const uint32_t size = GetNumber(kind, opaque ? "symbols" : "bsr_levels");
        const OfdmaCodes codes(GetNumber(cell, "rbgs"), {opaque, size});
        NS_TEST_EXPECT_MSG_EQ(codes.GetActionCodes(), GetNumber(cell, "ue_action_codes"), "count");
        NS_TEST_EXPECT_MSG_EQ(codes.GetDcmCodes(), GetNumber(cell, "dcm_codes"), "count");
        for (const auto& action : cell.fields().at("ue_actions").list_value().values())
        {
            CheckAction(codes, action.struct_value());
        }
        for (const auto& dcm : cell.fields().at("dcms").list_value().values())
        {
            const auto& vector = dcm.struct_value();
            const auto code = static_cast<uint16_t>(GetNumber(vector, "code"));
            const bool ack = GetText(vector, "sentence").rfind("ack", 0) == 0;
            NS_TEST_EXPECT_MSG_EQ(codes.GetDcmBits(code), GetNumber(vector, "bits"), "bits");
            NS_TEST_EXPECT_MSG_EQ(codes.HasAck(code), ack, "ack in " << code);
        }
    }

    /// Check one UE action.
    void CheckAction(const OfdmaCodes& codes, const Struct& vector)
    {
        const auto code = static_cast<uint16_t>(GetNumber(vector, "code"));
        const auto [access, ucm] = codes.Split(code);
        NS_TEST_EXPECT_MSG_EQ(access, GetAccess(vector), "access of " << code);
        NS_TEST_EXPECT_MSG_EQ(ucm, GetUcm(GetText(vector, "ucm")), "UCM of " << code);
        NS_TEST_EXPECT_MSG_EQ(codes.GetUcmBits(ucm), GetNumber(vector, "ucm_bits"), "bits");
        NS_TEST_EXPECT_MSG_EQ(codes.Join({access, ucm}), code, "code of the parts");
    }
};

/// The suite of the code table.
class OfdmaCodesTestSuite : public TestSuite
{
  public:
    OfdmaCodesTestSuite()
        : TestSuite("ofdma-codes")
    {
        AddTestCase(new OfdmaCodesTestCase);
    }
};

static OfdmaCodesTestSuite g_ofdmaCodesTestSuite; //!< the suite
