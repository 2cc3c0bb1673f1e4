// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-model-check.h"

#include <ns3/address.h>
#include <ns3/antenna-model.h>
#include <ns3/application.h>
#include <ns3/mobility-model.h>
#include <ns3/phased-array-model.h>
#include <ns3/phased-array-spectrum-propagation-loss-model.h>
#include <ns3/propagation-loss-model.h>
#include <ns3/spectrum-propagation-loss-model.h>
#include <ns3/uinteger.h>

#include <algorithm>
#include <map>
#include <vector>

namespace ns3
{

namespace
{

const std::map<std::string, OfdmaModelNote> NOTES = {
    {"ns3::ConstantSpectrumPropagationLossModel", {false, "a path loss before it"}},
    {"ns3::Cost231PropagationLossModel",
     {true, "a carrier of 1.5 to 2 GHz, and the antenna heights as its own attributes"}},
    {"ns3::FixedRssLossModel",
     {true, "a received power, Rss: it replaces whatever comes before it"}},
    {"ns3::HybridBuildingsPropagationLossModel",
     {true, "no buildings, and without them takes all nodes to be outdoors"}},
    {"ns3::ItuR1411LosPropagationLossModel", {true, "antennas above 0 m"}},
    {"ns3::JakesPropagationLossModel", {false, "a path loss before it"}},
    {"ns3::Kun2600MhzPropagationLossModel",
     {true, "a carrier of 2.6 GHz, for which it was fitted"}},
    {"ns3::LogDistancePropagationLossModel",
     {true, "the ReferenceLoss of the carrier, since it has no frequency"}},
    {"ns3::MatrixPropagationLossModel",
     {true, "its DefaultLoss, since attributes cannot give the losses of pairs"}},
    {"ns3::NakagamiPropagationLossModel", {false, "a path loss before it"}},
    {"ns3::OhBuildingsPropagationLossModel",
     {true, "no buildings, and without them takes all nodes to be outdoors"}},
    {"ns3::OkumuraHataPropagationLossModel", {true, "a carrier of 0.15 to 2 GHz"}},
    {"ns3::RandomPropagationLossModel", {false, "a path loss before it"}},
    {"ns3::RangePropagationLossModel", {false, "a path loss before it"}},
    {"ns3::ThreeGppIndoorOfficePropagationLossModel", {true, "UEs within 150 m"}},
    {"ns3::ThreeGppRmaPropagationLossModel", {true, "a carrier of 0.5 to 30 GHz, UEs above 0 m"}},
    {"ns3::ThreeGppSpectrumPropagationLossModel",
     {false,
      "a 3GPP path loss before it, and antenna arrays (radio.bs_antenna, radio.ue_antenna); "
      "without "
      "these each end has one isotropic element"}},
    {"ns3::ThreeGppUmaPropagationLossModel", {true, "a carrier of 0.5 to 100 GHz"}},
    {"ns3::ThreeGppUmiStreetCanyonPropagationLossModel", {true, "a carrier of 0.5 to 100 GHz"}},
    {"ns3::ThreeGppV2vHighwayPropagationLossModel", {true, "a carrier of 0.5 to 100 GHz"}},
    {"ns3::ThreeGppV2vUrbanPropagationLossModel", {true, "a carrier of 0.5 to 100 GHz"}},
    {"ns3::ThreeLogDistancePropagationLossModel",
     {true, "the ReferenceLoss of the carrier, since it has no frequency"}},
    {"ns3::TraceFadingLossModel",
     {false, "a path loss before it, and a file (TraceFilename) with a fading trace for each RB"}},
};

/// What derives from these is of a kind.
struct Family
{
    const char* name;          //!< for sentences
    std::vector<TypeId> bases; //!< TypeIds of its base classes
};

const Family&
GetFamily(OfdmaModelKind kind)
{
    static const std::map<OfdmaModelKind, Family> families = {
        {OfdmaModelKind::LOSS,
         {"loss model",
          {PropagationLossModel::GetTypeId(),
           SpectrumPropagationLossModel::GetTypeId(),
           PhasedArraySpectrumPropagationLossModel::GetTypeId()}}},
        {OfdmaModelKind::ANTENNA,
         {"antenna", {AntennaModel::GetTypeId(), PhasedArrayModel::GetTypeId()}}},
        {OfdmaModelKind::MOBILITY, {"mobility model", {MobilityModel::GetTypeId()}}},
        {OfdmaModelKind::APPLICATION, {"application", {Application::GetTypeId()}}},
    };
    return families.at(kind);
}

/// \return the attribute names of a type and its parents
std::string
ListAttributes(TypeId type)
{
    std::string names;
    while (true)
    {
        for (std::size_t i = 0; i < type.GetAttributeN(); ++i)
        {
            names += (names.empty() ? "" : ", ") + type.GetAttribute(i).name;
        }
        if (!type.HasParent() || type.GetParent() == type)
        {
            return names.empty() ? "none" : names;
        }
        type = type.GetParent();
    }
}

/// \return whether a type has an attribute that takes such a value
bool
HasAttribute(TypeId type, const std::string& name, const AttributeValue& value)
{
    TypeId::AttributeInformation attribute;
    return type.LookupAttributeByName(name, &attribute) && attribute.checker->Check(value);
}

/// \return why an application cannot be told where to send, as a clause; empty when it can
std::string
FindApplicationObstacle(TypeId type)
{
    const bool one = HasAttribute(type, "Remote", AddressValue());
    const bool two = HasAttribute(type, "RemoteAddress", AddressValue()) &&
                     HasAttribute(type, "RemotePort", UintegerValue());
    return one || two ? ""
                      : "it has neither an attribute Remote, nor RemoteAddress and RemotePort, by "
                        "which it could be told where to send";
}

/// \return what is wrong with the attributes of an application, a sentence; or nothing
std::string
FindApplicationProblem(const OfdmaModelSpec& spec)
{
    for (const char* name :
         {"Remote", "RemoteAddress", "RemotePort", "Local", "StartTime", "StopTime"})
    {
        if (spec.attributes.count(name) > 0)
        {
            return spec.typeId + ": " + name +
                   " follows from the cell and from start_tti and stop_tti; leave it out";
        }
    }
    const auto protocol = spec.attributes.find("Protocol");
    if (protocol != spec.attributes.end() && protocol->second != "ns3::UdpSocketFactory" &&
        protocol->second != "ns3::TcpSocketFactory")
    {
        return spec.typeId + ": Protocol is ns3::UdpSocketFactory or ns3::TcpSocketFactory, not " +
               protocol->second;
    }
    return "";
}

} // namespace

std::string
FindOfdmaModelObstacle(TypeId type, OfdmaModelKind kind)
{
    const Family& family = GetFamily(kind);
    const bool isChild = std::any_of(family.bases.begin(), family.bases.end(), [type](TypeId base) {
        return type.IsChildOf(base);
    });
    if (!isChild)
    {
        return std::string("it is no ") + family.name;
    }
    if (!type.HasConstructor())
    {
        return "it is abstract";
    }
    return kind == OfdmaModelKind::APPLICATION ? FindApplicationObstacle(type) : "";
}

std::string
FindOfdmaModelProblem(const OfdmaModelSpec& spec, OfdmaModelKind kind)
{
    TypeId type;
    if (!TypeId::LookupByNameFailSafe(spec.typeId, &type))
    {
        const std::string hint = "; `llmac channels` lists those there are";
        return "there is no ns-3 type " + spec.typeId + (kind == OfdmaModelKind::LOSS ? hint : "");
    }
    const auto obstacle = FindOfdmaModelObstacle(type, kind);
    if (!obstacle.empty())
    {
        return spec.typeId + " cannot be used: " + obstacle;
    }
    for (const auto& attribute : spec.attributes)
    {
        TypeId::AttributeInformation information;
        if (!type.LookupAttributeByName(attribute.first, &information))
        {
            return spec.typeId + " has no attribute " + attribute.first + "; its attributes are " +
                   ListAttributes(type);
        }
    }
    return kind == OfdmaModelKind::APPLICATION ? FindApplicationProblem(spec) : "";
}

OfdmaModelNote
GetOfdmaModelNote(TypeId type)
{
    const auto note = NOTES.find(type.GetName());
    return note == NOTES.end() ? OfdmaModelNote{true, ""} : note->second;
}

} // namespace ns3
