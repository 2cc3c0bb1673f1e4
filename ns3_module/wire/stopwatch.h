// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_STOPWATCH_H
#define LLMAC_STOPWATCH_H

#include "llmac/v1/wire.pb.h"

#include <array>
#include <chrono>

namespace llmac
{

/// Where the time of this process goes: each lap is charged to what it was spent for.
class Stopwatch
{
  public:
    /// What time is spent for.
    enum Purpose
    {
        DECODE,
        SIMULATE,
        ENCODE,
        WAIT
    };

    /// Begin the first lap.
    void Start()
    {
        m_last = Clock::now();
    }

    /// End a lap and begin the next. \param purpose of the lap
    void Lap(Purpose purpose)
    {
        const auto now = Clock::now();
        m_spent[purpose] += now - m_last;
        m_last = now;
    }

    /// \param message gets the time spent since the start
    void Write(v1::Timing& message) const
    {
        message.set_decode_ns(Nanoseconds(DECODE));
        message.set_simulate_ns(Nanoseconds(SIMULATE));
        message.set_encode_ns(Nanoseconds(ENCODE));
        message.set_wait_ns(Nanoseconds(WAIT));
    }

  private:
    using Clock = std::chrono::steady_clock;

    /// \param purpose of the laps \return their sum in nanoseconds
    uint64_t Nanoseconds(Purpose purpose) const
    {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(m_spent[purpose]).count();
    }

    Clock::time_point m_last;                 //!< when the lap under way began
    std::array<Clock::duration, 4> m_spent{}; //!< by purpose
};

} // namespace llmac

#endif // LLMAC_STOPWATCH_H
