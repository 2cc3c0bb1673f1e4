// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_COIN_H
#define OFDMA_COIN_H

#include <cmath>
#include <cstdint>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief Random numbers by name instead of by order
 *
 * A number is a hash of (seed, purpose, UE, RBG, TTI), built from the finaliser of SplitMix64
 * (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014). Nothing is
 * consumed, so that what agents do, or how many UEs there are, shifts nobody's draws.
 */
class OfdmaCoin
{
  public:
    /// What a number decides.
    enum Purpose : uint64_t
    {
        ARRIVAL = 1,
        DECODE,
        UCM_LOSS,
        DCM_LOSS,
        POSITION_RADIUS,
        POSITION_ANGLE,
        RNG_SEED,
        RNG_RUN,
        ACTION,
        TRAFFIC_PHASE,
        TRAFFIC_JITTER,
        TRAFFIC_SWITCH,
        JOIN,
        STAY,
        BS_DECISION_DELAY,
        UE_DECISION_DELAY,
        APPLICATION_START
    };

    /// \param seed of the environment
    explicit OfdmaCoin(uint64_t seed)
        : m_seed(seed)
    {
    }

    /// \return 64 hashed bits
    uint64_t GetBits(Purpose purpose, uint32_t ue = 0, uint32_t rbg = 0, uint32_t tti = 0) const
    {
        uint64_t state = Mix(m_seed + STEP * purpose);
        state = Mix(state + STEP * ((uint64_t(ue) << 32 | rbg) + 1));
        return Mix(state + STEP * (uint64_t(tti) + 1));
    }

    /// \return a number uniform in [0, 1)
    double Toss(Purpose purpose, uint32_t ue = 0, uint32_t rbg = 0, uint32_t tti = 0) const
    {
        return static_cast<double>(GetBits(purpose, ue, rbg, tti) >> 11) * 0x1p-53;
    }

    /**
     * \param purpose what the number decides
     * \param mean of the distribution; the time taken grows with it
     * \param ue id of a UE
     * \param tti TTI
     * \return a Poisson number: the points of a Poisson process whose gaps fit into the mean
     */
    uint32_t TossPoisson(Purpose purpose, double mean, uint32_t ue = 0, uint32_t tti = 0) const
    {
        uint32_t points = 0;
        for (double time = 0;; ++points)
        {
            time -= std::log1p(-Toss(purpose, ue, points, tti)); // an exponential gap
            if (time > mean)
            {
                return points;
            }
        }
    }

  private:
    /// Odd integer next to 2^64 over the golden ratio, the increment of SplitMix64.
    static constexpr uint64_t STEP = 0x9e3779b97f4a7c15;

    /// \return the bits of x, mixed so that each depends on all (variant 13 of Stafford's mixers)
    static uint64_t Mix(uint64_t x)
    {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
        x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
        return x ^ (x >> 31);
    }

    uint64_t m_seed; //!< of the environment
};

} // namespace ns3

#endif // OFDMA_COIN_H
