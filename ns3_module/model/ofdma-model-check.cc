// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-model-check.h"

#include <map>

namespace ns3
{

namespace
{

/// Loss models that cannot work in a cell, and why.
const std::map<std::string, std::string> OBSTACLES = {
    {"ns3::ThreeGppV2vUrbanPropagationLossModel", "it needs a V2V channel condition model"},
    {"ns3::ThreeGppV2vHighwayPropagationLossModel", "it needs a V2V channel condition model"},
    {"ns3::HybridBuildingsPropagationLossModel", "it needs buildings, and a cell has none"},
    {"ns3::OhBuildingsPropagationLossModel", "it needs buildings, and a cell has none"},
    {"ns3::TraceFadingLossModel", "it needs a fading trace made for its own number of RBs"},
    {"ns3::MatrixPropagationLossModel", "it needs a matrix of losses that attributes cannot give"},
};

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

} // namespace

std::string
FindOfdmaModelObstacle(TypeId type)
{
    const auto obstacle = OBSTACLES.find(type.GetName());
    if (obstacle != OBSTACLES.end())
    {
        return obstacle->second;
    }
    if (type.IsChildOf(TypeId::LookupByName("ns3::PhasedArraySpectrumPropagationLossModel")))
    {
        return "it needs antenna arrays, and the nodes of a cell have none";
    }
    if (!type.IsChildOf(PropagationLossModel::GetTypeId()) &&
        !type.IsChildOf(SpectrumPropagationLossModel::GetTypeId()))
    {
        return "it is no loss model";
    }
    return type.HasConstructor() ? "" : "it is abstract";
}

std::string
FindOfdmaModelProblem(const OfdmaModelSpec& spec)
{
    TypeId type;
    if (!TypeId::LookupByNameFailSafe(spec.typeId, &type))
    {
        return "there is no ns-3 type " + spec.typeId + "; `llmac channels` lists those there are";
    }
    const auto obstacle = FindOfdmaModelObstacle(type);
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
    return "";
}

} // namespace ns3
