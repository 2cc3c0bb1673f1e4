// SPDX-License-Identifier: GPL-2.0-only
#include "catalogue.h"

#include <ns3/test.h>

#include <algorithm>
#include <set>

using namespace ns3;
namespace v1 = llmac::v1;

/// The catalogue holds each loss model once, with what its users need.
class CatalogueTestCase : public TestCase
{
  public:
    CatalogueTestCase()
        : TestCase("loss models of the linked ns-3")
    {
    }

  private:
    void DoRun() override
    {
        const v1::ModelCatalogue catalogue = llmac::CreateCatalogue();
        std::set<std::string> names;
        std::set<v1::LossModel::Family> families;
        for (const auto& model : catalogue.models())
        {
            NS_TEST_EXPECT_MSG_EQ(names.insert(model.type_id()).second, true, model.type_id());
            NS_TEST_EXPECT_MSG_EQ(model.type_id(), *names.rbegin(), "in order");
            families.insert(model.family());
            for (const auto& attribute : model.attributes())
            {
                NS_TEST_EXPECT_MSG_EQ(attribute.name().empty(), false, model.type_id());
                NS_TEST_EXPECT_MSG_EQ(attribute.type().empty(), false, attribute.name());
            }
        }
        NS_TEST_EXPECT_MSG_EQ(families.size(), 3, "flat, spectrum and phased-array models");
        NS_TEST_EXPECT_MSG_EQ(families.count(v1::LossModel::FAMILY_UNSPECIFIED), 0, "families");
        NS_TEST_EXPECT_MSG_EQ(names.count("ns3::PropagationLossModel"), 0, "what they derive from");

        const auto& friis = Find(catalogue, "ns3::FriisPropagationLossModel");
        NS_TEST_EXPECT_MSG_EQ(friis.obstacle(), "", "it works");
        NS_TEST_EXPECT_MSG_EQ(friis.attributes(0).name(), "Frequency", "its first attribute");
        NS_TEST_EXPECT_MSG_EQ(friis.attributes(0).default_value(), "5.15e+09", "Hz");
        const auto& abstract = Find(catalogue, "ns3::ThreeGppPropagationLossModel");
        NS_TEST_EXPECT_MSG_EQ(abstract.obstacle(), "it is abstract", "why it cannot work");
    }

    /// \return the entry of a loss model
    static const v1::LossModel& Find(const v1::ModelCatalogue& catalogue, const std::string& name)
    {
        return *std::find_if(catalogue.models().begin(),
                             catalogue.models().end(),
                             [&](const auto& model) { return model.type_id() == name; });
    }
};

/// The suite of the catalogue.
class CatalogueTestSuite : public TestSuite
{
  public:
    CatalogueTestSuite()
        : TestSuite("ofdma-catalogue")
    {
        AddTestCase(new CatalogueTestCase);
    }
};

static CatalogueTestSuite g_catalogueTestSuite; //!< the suite
