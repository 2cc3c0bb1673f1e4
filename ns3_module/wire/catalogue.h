// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_CATALOGUE_H
#define LLMAC_CATALOGUE_H

#include "llmac/v1/catalogue.pb.h"

namespace llmac
{

/// \return the loss models of the linked ns-3, by name
v1::ModelCatalogue CreateCatalogue();

} // namespace llmac

#endif // LLMAC_CATALOGUE_H
