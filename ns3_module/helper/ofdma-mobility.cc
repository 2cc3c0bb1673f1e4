// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-mobility.h"

#include <ns3/abort.h>
#include <ns3/box.h>
#include <ns3/constant-position-mobility-model.h>
#include <ns3/mobility-building-info.h>
#include <ns3/node.h>
#include <ns3/rectangle.h>

#include <sstream>

namespace ns3
{

namespace
{

/// Give a mobility what the models of a channel look for: a node, and a place outside of buildings.
void
AddNode(Ptr<MobilityModel> mobility)
{
    CreateObject<Node>()->AggregateObject(mobility);
    mobility->AggregateObject(CreateObject<MobilityBuildingInfo>());
}

/// \return values joined by "|"
template <typename... Values>
std::string
Join(Values... values)
{
    std::ostringstream text;
    const char* separator = "";
    ((text << separator << values, separator = "|"), ...);
    return text.str();
}

/// \return attributes by which mobility models are told where to move
OfdmaModelSpec::Attributes
GetDefaults(TypeId type, const OfdmaRegion& region)
{
    const double r = region.radius;
    TypeId::AttributeInformation bounds;
    const bool box = type.LookupAttributeByName("Bounds", &bounds) &&
                     bounds.checker->GetUnderlyingTypeInformation() == "Box";
    return {{"Bounds", box ? Join(-r, r, -r, r, 0, region.ceiling) : Join(-r, r, -r, r)},
            {"PositionAllocator",
             "ns3::UniformDiscPositionAllocator[" +
                 Join("rho=" + Join(r), "Z=" + Join(region.ueHeight)) + "]"},
            {"MinX", Join(-r)},
            {"MaxX", Join(r)},
            {"MinY", Join(-r)},
            {"MaxY", Join(r)},
            {"Z", Join(region.ueHeight)}};
}

/// Check that bounds, if a model has some, hold the cell and the UE, without which ns-3 goes
/// astray.
template <typename Value>
void
CheckBounds(Ptr<const MobilityModel> mobility, const Vector& position)
{
    Value bounds;
    if (mobility->GetAttributeFailSafe("Bounds", bounds))
    {
        for (const Vector& place : {position, Vector(0, 0, position.z)})
        {
            NS_ABORT_MSG_UNLESS(bounds.Get().IsInside(place),
                                mobility->GetInstanceTypeId().GetName()
                                    << ": its Bounds " << bounds.SerializeToString(nullptr)
                                    << " do not hold the position " << place
                                    << "; they have to hold the BS and all UEs");
        }
    }
}

} // namespace

Ptr<MobilityModel>
CreateOfdmaStandingNode(const Vector& position)
{
    auto mobility = CreateObject<ConstantPositionMobilityModel>();
    mobility->SetPosition(position);
    AddNode(mobility);
    return mobility;
}

Ptr<MobilityModel>
CreateOfdmaMovingNode(const OfdmaModelSpec& spec,
                      const OfdmaRegion& region,
                      const Vector& position,
                      int64_t firstStream)
{
    NS_ABORT_MSG_IF(
        spec.typeId == "ns3::HierarchicalMobilityModel" &&
            (spec.attributes.count("Child") == 0 || spec.attributes.count("Parent") == 0),
        spec.typeId << " needs its attributes Child and Parent");
    const TypeId type = TypeId::LookupByName(spec.typeId);
    auto mobility = CreateOfdmaModel<MobilityModel>(spec, GetDefaults(type, region));
    CheckBounds<RectangleValue>(mobility, position);
    CheckBounds<BoxValue>(mobility, position);
    const auto streams = mobility->AssignStreams(firstStream);
    NS_ABORT_MSG_UNLESS(streams <= OFDMA_MOBILITY_STREAMS,
                        spec.typeId << " has too many random streams");
    AddNode(mobility);
    // In this order: models begin to walk when they are initialised, and begin anew, giving up what
    // they had begun, when they are put elsewhere.
    mobility->Initialize();
    mobility->SetPosition(position);
    return mobility;
}

} // namespace ns3
