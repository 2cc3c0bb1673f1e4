// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_ANTENNA_H
#define OFDMA_ANTENNA_H

#include "ofdma-model-spec.h"

#include <ns3/antenna-model.h>
#include <ns3/phased-array-model.h>
#include <ns3/simple-ref-count.h>
#include <ns3/vector.h>

#include <optional>

namespace ns3
{

/**
 * \ingroup ofdma-mac
 * \brief The antenna at one end of a link
 *
 * Either an AntennaModel, whose gain counts, or a PhasedArrayModel, which a phased-array loss model
 * uses and whose beam points at the other end.
 */
class OfdmaAntenna : public SimpleRefCount<OfdmaAntenna>
{
  public:
    /**
     * \param spec an AntennaModel or a PhasedArrayModel; none: isotropic
     * \param array whether an array is needed
     */
    OfdmaAntenna(const std::optional<OfdmaModelSpec>& spec, bool array);
    ~OfdmaAntenna();

    OfdmaAntenna(const OfdmaAntenna&) = delete;
    OfdmaAntenna& operator=(const OfdmaAntenna&) = delete;

    /**
     * \param here position of the antenna
     * \param there position of the other end
     * \return gain towards the other end in dB; 0 for an array, the gain of which is in its loss
     * model
     */
    double GetGain(const Vector& here, const Vector& there) const;

    /// Let the beam of an array point from its position at the other end's.
    void Point(const Vector& here, const Vector& there);

    /// \return the array, or null
    Ptr<PhasedArrayModel> GetArray() const;

  private:
    Ptr<AntennaModel> m_element;   //!< null: isotropic, or an array
    Ptr<PhasedArrayModel> m_array; //!< or null
    std::optional<Vector> m_beam;  //!< from here to there when the beam was set last
};

} // namespace ns3

#endif // OFDMA_ANTENNA_H
