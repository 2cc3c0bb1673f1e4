// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-antenna.h"

#include <ns3/abort.h>
#include <ns3/angles.h>
#include <ns3/uinteger.h>

namespace ns3
{

namespace
{

/// Antenna elements that an array may have; the cost of fast fading grows with them.
constexpr uint64_t MOST_ELEMENTS = 256;

/// What an array is when none is given.
const OfdmaModelSpec SINGLE_ELEMENT = {"ns3::UniformPlanarArray",
                                       {{"NumColumns", "1"}, {"NumRows", "1"}}};

/// Check the number of elements before ns-3 makes them.
void
CheckElements(const PhasedArrayModel& array)
{
    UintegerValue rows(1);
    UintegerValue columns(1);
    array.GetAttributeFailSafe("NumRows", rows); // of a planar array
    array.GetAttributeFailSafe("NumColumns", columns);
    const uint64_t elements = rows.Get() * columns.Get();
    NS_ABORT_MSG_UNLESS(elements > 0 && elements <= MOST_ELEMENTS,
                        "an antenna array has 1 to " << MOST_ELEMENTS << " elements, not "
                                                     << elements);
}

} // namespace

OfdmaAntenna::OfdmaAntenna(const std::optional<OfdmaModelSpec>& spec, bool array)
{
    if (array)
    {
        m_array = CreateOfdmaModel<PhasedArrayModel>(spec.value_or(SINGLE_ELEMENT));
        CheckElements(*m_array);
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
        m_array->SetBeamformingVector(m_array->GetBeamformingVector(Angles(there, here)));
    }
}

Ptr<PhasedArrayModel>
OfdmaAntenna::GetArray() const
{
    return m_array;
}

} // namespace ns3
