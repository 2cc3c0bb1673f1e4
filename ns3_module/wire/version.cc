// SPDX-License-Identifier: GPL-2.0-only
#include "version.h"

namespace llmac
{

const char* const PACKAGE_VERSION = LLMAC_VERSION;
const char* const SCHEMA_DIGEST = LLMAC_SCHEMA_DIGEST;
const char* const NS3_VERSION = LLMAC_NS3_VERSION;

} // namespace llmac
