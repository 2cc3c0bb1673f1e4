// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_VERSION_H
#define LLMAC_VERSION_H

namespace llmac
{

extern const char* const PACKAGE_VERSION; //!< of llmac
extern const char* const SCHEMA_DIGEST;   //!< SHA-256 over proto/llmac/v1/*.proto, hexadecimal
extern const char* const NS3_VERSION;     //!< that the cell was built against

} // namespace llmac

#endif // LLMAC_VERSION_H
