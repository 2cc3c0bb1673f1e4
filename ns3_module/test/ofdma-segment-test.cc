// SPDX-License-Identifier: GPL-2.0-only
#include <ns3/object-factory.h>
#include <ns3/ofdma-coin.h>
#include <ns3/ofdma-segment-queue.h>
#include <ns3/test.h>
#include <ns3/uinteger.h>

#include <deque>
#include <map>
#include <set>

using namespace ns3;

namespace
{

/// How many dPDUs carry a packet.
class OfdmaSegmentCountTestCase : public TestCase
{
  public:
    OfdmaSegmentCountTestCase()
        : TestCase("dPDUs of a packet")
    {
    }

  private:
    void DoRun() override
    {
        auto queue = CreateObjectWithAttributes<OfdmaSegmentQueue>("Payload", UintegerValue(100));
        const std::map<uint32_t, uint32_t>
            counts{{0, 1}, {1, 1}, {99, 1}, {100, 1}, {101, 2}, {200, 2}, {1500, 15}, {1501, 16}};
        for (const auto& [bytes, dpdus] : counts)
        {
            NS_TEST_EXPECT_MSG_EQ(queue->CountDpdus(bytes), dpdus, bytes << " bytes");
        }
    }
};

/**
 * Packets of any length, a buffer of any room, dPDUs that are delivered, deleted and repeated at
 * random: against a list of single dPDUs.
 */
class OfdmaSegmentRandomTestCase : public TestCase
{
  public:
    OfdmaSegmentRandomTestCase()
        : TestCase("packets in and out, at random")
    {
    }

  private:
    static constexpr uint32_t CAPACITY = 40; //!< dPDUs

    /// A dPDU as the test counts it.
    struct Dpdu
    {
        uint64_t packet; //!< uid
        bool last;       //!< of its packet
    };

    void DoRun() override
    {
        for (uint64_t seed = 1; seed <= 50; ++seed)
        {
            RunSeed(OfdmaCoin(seed));
        }
    }

    /// Check one run.
    void RunSeed(OfdmaCoin coin)
    {
        const auto payload = 1 + static_cast<uint32_t>(coin.Toss(OfdmaCoin::ACTION) * 300);
        m_queue = CreateObjectWithAttributes<OfdmaSegmentQueue>("Payload", UintegerValue(payload));
        m_queue->TraceConnectWithoutContext(
            "Drop",
            MakeCallback(&OfdmaSegmentRandomTestCase::NoteDrop, this));
        m_dpdus.clear();
        m_dropped.clear();
        std::set<uint64_t> sent;
        std::set<uint64_t> received;
        std::map<uint64_t, bool> broken; // packets of which a dPDU was deleted
        uint64_t lastReceived = 0;
        for (uint32_t tti = 0; tti < 300; ++tti)
        {
            auto toss = [&, n = 0U]() mutable { return coin.Toss(OfdmaCoin::ACTION, 0, ++n, tti); };
            std::deque<Ptr<Packet>> waiting;
            for (uint32_t n = toss() * 3; n > 0; --n)
            {
                waiting.push_back(Create<Packet>(1 + static_cast<uint32_t>(toss() * 1500)));
                sent.insert(waiting.back()->GetUid());
                m_queue->Enqueue(waiting.back(), 0x0800);
            }
            Admit(waiting, payload);
            if (m_dpdus.empty())
            {
                continue;
            }
            const Dpdu head = m_dpdus.front();
            bool delivered = false;
            if (toss() < 0.9)
            {
                delivered = true;
                const OfdmaSdu* sdu = m_queue->Deliver();
                const bool whole = head.last && !broken[head.packet];
                NS_TEST_ASSERT_MSG_EQ((sdu != nullptr), whole, "with the last of its dPDUs");
                if (sdu)
                {
                    NS_TEST_ASSERT_MSG_EQ(sdu->packet->GetUid(), head.packet, "which packet");
                    NS_TEST_ASSERT_MSG_EQ((head.packet > lastReceived), true, "in order");
                    lastReceived = head.packet;
                    received.insert(head.packet);
                }
            }
            if (delivered || toss() < 0.5)
            {
                broken[head.packet] |= !delivered;
                m_queue->Remove(delivered);
                m_dpdus.pop_front();
            }
        }
        m_queue->Flush();
        NS_TEST_EXPECT_MSG_GT(received.size(), 0, "some packets arrive");
        NS_TEST_EXPECT_MSG_GT(m_dropped.size(), 0, "some are lost");
        NS_TEST_EXPECT_MSG_EQ(received.size() + m_dropped.size(),
                              sent.size(),
                              "each packet is received or dropped");
        received.insert(m_dropped.begin(), m_dropped.end());
        NS_TEST_EXPECT_MSG_EQ((received == sent), true, "and none is both");
    }

    /// Boundary.
    void Admit(const std::deque<Ptr<Packet>>& waiting, uint32_t payload)
    {
        uint32_t room = CAPACITY - m_dpdus.size();
        uint32_t expected = 0;
        uint32_t arrivals = 0;
        for (const auto& packet : waiting)
        {
            const uint32_t dpdus = (packet->GetSize() + payload - 1) / payload;
            arrivals += dpdus;
            if (dpdus > room - expected)
            {
                continue;
            }
            for (uint32_t i = 1; i <= dpdus; ++i)
            {
                m_dpdus.push_back({packet->GetUid(), i == dpdus});
            }
            expected += dpdus;
        }
        NS_TEST_ASSERT_MSG_EQ(m_queue->GetWaiting(), arrivals, "dPDUs that wait");
        NS_TEST_ASSERT_MSG_EQ(m_queue->Admit(room), expected, "whole packets, or none");
        NS_TEST_ASSERT_MSG_EQ(m_queue->GetWaiting(), 0, "nothing waits");
    }

    /// A packet was dropped.
    void NoteDrop(Ptr<const Packet> packet)
    {
        const bool isNew = m_dropped.insert(packet->GetUid()).second;
        NS_TEST_EXPECT_MSG_EQ(isNew, true, "a packet is dropped once");
    }

    Ptr<OfdmaSegmentQueue> m_queue; //!< under test
    std::deque<Dpdu> m_dpdus;       //!< in the buffer
    std::set<uint64_t> m_dropped;   //!< uids
};

} // namespace

/// The suite of segmentation.
class OfdmaSegmentTestSuite : public TestSuite
{
  public:
    OfdmaSegmentTestSuite()
        : TestSuite("ofdma-segment")
    {
        AddTestCase(new OfdmaSegmentCountTestCase);
        AddTestCase(new OfdmaSegmentRandomTestCase);
    }
};

static OfdmaSegmentTestSuite g_ofdmaSegmentTestSuite; //!< the suite
