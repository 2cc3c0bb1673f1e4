// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_FIELD_CHECK_H
#define LLMAC_FIELD_CHECK_H

#include "fault.h"

#include <sstream>
#include <string>

namespace llmac
{

/// Refuse a scenario.
[[noreturn]] inline void
Refuse(const std::string& reason)
{
    throw Fault(v1::FAULT_BAD_SCENARIO, reason);
}

/// \return a value that lies in a closed range
template <typename T>
T
InRange(const char* field, T value, T least, T greatest)
{
    if (!(value >= least && value <= greatest)) // NaN is in no range
    {
        std::ostringstream reason;
        reason << field << " lies between " << least << " and " << greatest << ", and is not "
               << value;
        Refuse(reason.str());
    }
    return value;
}

} // namespace llmac

#endif // LLMAC_FIELD_CHECK_H
