// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-antenna.h"

#include <ns3/abort.h>
#include <ns3/angles.h>
#include <ns3/uinteger.h>

#include <cmath>
#include <complex>

namespace ns3
{

namespace
{

/// Antenna elements that an array may have; the cost of fast fading grows with them.
constexpr uint64_t MOST_ELEMENTS = 256;

/// What an array is when none is given.
const OfdmaModelSpec SINGLE_ELEMENT = {"ns3::UniformPlanarArray",
                                       {{"NumColumns", "1"}, {"NumRows", "1"}}};

/// \return elements of an array, which ns-3's versions tell by different functions
uint64_t
CountElements(const PhasedArrayModel& array)
{
    UintegerValue rows(1);
    UintegerValue columns(1);
    array.GetAttributeFailSafe("NumRows", rows); // of a planar array
    array.GetAttributeFailSafe("NumColumns", columns);
    return rows.Get() * columns.Get();
}

/**
 * Weights that add up what elements receive from a direction, where the phase at an element is
 * 2 pi r.d (3GPP TR 38.901 equation 7.5-22). Those of PhasedArrayModel::GetBeamformingVector() have
 * the same sign as the phase in ns-3.37, and point elsewhere.
 */
PhasedArrayModel::ComplexVector
MakeBeam(const PhasedArrayModel& array, Angles direction)
{
    auto beam = array.GetSteeringVector(direction); // for its type and size
    const uint64_t elements = CountElements(array);
    const double sine = std::sin(direction.GetInclination());
    const Vector unit(sine * std::cos(direction.GetAzimuth()),
                      sine * std::sin(direction.GetAzimuth()),
                      std::cos(direction.GetInclination()));
    for (uint64_t i = 0; i < elements; ++i)
    {
        const Vector place = array.GetElementLocation(i); // in wavelengths
        const double phase = 2 * M_PI * (unit.x * place.x + unit.y * place.y + unit.z * place.z);
        beam[i] = std::polar(1 / std::sqrt(elements), -phase);
    }
    return beam;
}

} // namespace

OfdmaAntenna::OfdmaAntenna(const std::optional<OfdmaModelSpec>& spec, bool array)
{
    if (array)
    {
        m_array = CreateOfdmaModel<PhasedArrayModel>(spec.value_or(SINGLE_ELEMENT));
        const uint64_t elements = CountElements(*m_array);
        NS_ABORT_MSG_UNLESS(elements > 0 && elements <= MOST_ELEMENTS,
                            "an antenna array has 1 to " << MOST_ELEMENTS << " elements, not "
                                                         << elements);
    }
    else if (spec)
    {
        m_element = CreateOfdmaModel<AntennaModel>(*spec);
    }
}

OfdmaAntenna::~OfdmaAntenna()
{
    if (m_array)
    {
        m_array->Dispose();
    }
}

double
OfdmaAntenna::GetGain(const Vector& here, const Vector& there) const
{
    return m_element ? m_element->GetGainDb(Angles(there, here)) : 0;
}

void
OfdmaAntenna::Point(const Vector& here, const Vector& there)
{
    const Vector beam = there - here;
    if (m_beam != beam)
    {
        m_beam = beam;
        m_array->SetBeamformingVector(MakeBeam(*m_array, Angles(there, here)));
    }
}

Ptr<PhasedArrayModel>
OfdmaAntenna::GetArray() const
{
    return m_array;
}

} // namespace ns3
