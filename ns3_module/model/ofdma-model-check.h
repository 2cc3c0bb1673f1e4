// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_MODEL_CHECK_H
#define OFDMA_MODEL_CHECK_H

#include "ofdma-model-spec.h"

#include <string>

namespace ns3
{

/// What a model is for.
enum class OfdmaModelKind
{
    LOSS,
    ANTENNA,
    MOBILITY,
    APPLICATION
};

/// What to know before a loss model is put into a chain.
struct OfdmaModelNote
{
    bool alone;        //!< it makes sense without another loss model before it
    std::string needs; //!< a phrase; empty: nothing
};

/**
 * \ingroup ofdma-mac
 * \param type any type
 * \param kind of model that is wanted
 * \return why it cannot be one in a cell, as a clause; empty when it can
 */
std::string FindOfdmaModelObstacle(TypeId type, OfdmaModelKind kind = OfdmaModelKind::LOSS);

/**
 * \ingroup ofdma-mac
 * \brief Look for what is wrong with the names in a model
 * \param spec the model
 * \param kind of model that is wanted
 * \return what is wrong and what would be right, a sentence; empty when nothing is
 */
std::string FindOfdmaModelProblem(const OfdmaModelSpec& spec, OfdmaModelKind kind);

/**
 * \ingroup ofdma-mac
 * \param type of a loss model
 * \return what to know of it
 */
OfdmaModelNote GetOfdmaModelNote(TypeId type);

} // namespace ns3

#endif // OFDMA_MODEL_CHECK_H
