// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_MODEL_READER_H
#define LLMAC_MODEL_READER_H

#include "llmac/v1/scenario.pb.h"

#include <ns3/ofdma-model-spec.h>

namespace llmac
{

/// \return what a message names
inline ns3::OfdmaModelSpec
ReadModel(const v1::ModelSpec& message)
{
    return {message.type_id(), {message.attributes().begin(), message.attributes().end()}};
}

} // namespace llmac

#endif // LLMAC_MODEL_READER_H
