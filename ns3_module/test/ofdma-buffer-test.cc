// SPDX-License-Identifier: GPL-2.0-only
#include <ns3/ofdma-buffer.h>
#include <ns3/ofdma-delay-line.h>
#include <ns3/test.h>

#include <deque>

using namespace ns3;

/// Against a std::deque, through many wraps and all growth.
class OfdmaBufferTestCase : public TestCase
{
  public:
    /// \param capacity in dPDUs
    explicit OfdmaBufferTestCase(uint32_t capacity)
        : TestCase("first in, first out, at capacity " + std::to_string(capacity)),
          m_capacity(capacity)
    {
    }

  private:
    void DoRun() override
    {
        OfdmaBuffer buffer(m_capacity);
        std::deque<uint32_t> model;
        bool delivered = false;
        for (uint32_t tti = 0; tti < 20 * m_capacity; ++tti)
        {
            const bool fits = model.size() < m_capacity;
            NS_TEST_ASSERT_MSG_EQ(buffer.Push(tti), fits, "a full buffer takes no more");
            if (fits)
            {
                model.push_back(tti);
            }
            if (tti % 3 == 0)
            {
                buffer.MarkHeadDelivered();
                delivered = true;
            }
            if (tti % 5 != 0 && tti > m_capacity) // fill first, then drain slowly
            {
                buffer.Pop();
                model.pop_front();
                delivered = false;
            }
            NS_TEST_ASSERT_MSG_EQ(buffer.GetSize(), model.size(), "size");
            NS_TEST_ASSERT_MSG_EQ(buffer.GetUndelivered(), model.size() - delivered, "undelivered");
            NS_TEST_ASSERT_MSG_EQ(buffer.IsHeadDelivered(), delivered, "head");
            if (!model.empty())
            {
                NS_TEST_ASSERT_MSG_EQ(buffer.GetHeadArrival(), model.front(), "order");
            }
        }
    }

    uint32_t m_capacity; //!< dPDUs
};

/// Messages arrive after their delay, each once, and none of another TTI.
class OfdmaDelayLineTestCase : public TestCase
{
  public:
    /// \param delay in TTIs
    explicit OfdmaDelayLineTestCase(uint32_t delay)
        : TestCase("control messages arrive after " + std::to_string(delay) + " TTIs"),
          m_delay(delay)
    {
    }

  private:
    void DoRun() override
    {
        OfdmaDelayLine line(m_delay);
        const auto sent = [](uint32_t tti) { return uint16_t(tti % 3 == 0 ? 0 : tti + 1); };
        for (uint32_t tti = 0; tti < 50; ++tti)
        {
            // The sender of TTI t acts before the receiver of TTI t.
            if (sent(tti) != 0)
            {
                line.Send(tti, sent(tti));
            }
            const uint16_t due = tti < m_delay ? 0 : sent(tti - m_delay);
            NS_TEST_EXPECT_MSG_EQ(line.Take(tti), due, "TTI " << tti);
        }
    }

    uint32_t m_delay; //!< TTIs
};

/// The suite of queues.
class OfdmaBufferTestSuite : public TestSuite
{
  public:
    OfdmaBufferTestSuite()
        : TestSuite("ofdma-buffer")
    {
        for (uint32_t capacity : {1, 2, 20, 33, 1000})
        {
            AddTestCase(new OfdmaBufferTestCase(capacity));
        }
        for (uint32_t delay : {0, 1, 7})
        {
            AddTestCase(new OfdmaDelayLineTestCase(delay));
        }
    }
};

static OfdmaBufferTestSuite g_ofdmaBufferTestSuite; //!< the suite
