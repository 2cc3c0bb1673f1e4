// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-model-check.h"

#include <ns3/pointer.h>
#include <ns3/string.h>

#include <map>

namespace ns3
{

namespace
{

/// A loss model that cannot work in a cell, and why.
const std::map<std::string, std::string> OBSTACLES = {
    {"ns3::ThreeGppV2vUrbanPropagationLossModel", "it needs a V2V channel condition model"},
    {"ns3::ThreeGppV2vHighwayPropagationLossModel", "it needs a V2V channel condition model"},
    {"ns3::HybridBuildingsPropagationLossModel", "it needs buildings, and a cell has none"},
    {"ns3::OhBuildingsPropagationLossModel", "it needs buildings, and a cell has none"},
    {"ns3::TraceFadingLossModel", "it needs a fading trace made for its own number of RBs"},
};

/// \return the attribute names of a type and its parents
std::string
ListAttributes(TypeId type)
{
    std::string names;
    for (;; type = type.GetParent())
    {
        for (std::size_t i = 0; i < type.GetAttributeN(); ++i)
        {
            names += (names.empty() ? "" : ", ") + type.GetAttribute(i).name;
        }
        if (!type.HasParent() || type.GetParent() == type)
        {
            return names.empty() ? "it has none" : "it has " + names;
        }
    }
}

std::string FindAttributeProblem(TypeId type, const std::string& name, const std::string& value);

/// Look at the text of an object, "ns3::Type[Name=Value|Name=Value]".
std::string
FindObjectProblem(const std::string& text)
{
    const auto bracket = text.find('[');
    const std::string name = text.substr(0, bracket);
    TypeId type;
    if (!TypeId::LookupByNameFailSafe(name, &type) || !type.HasConstructor())
    {
        return "there is no ns-3 object " + name;
    }
    if (bracket == std::string::npos)
    {
        return "";
    }
    if (text.back() != ']')
    {
        return text + " should end with ]";
    }
    std::string rest = text.substr(bracket + 1, text.size() - bracket - 2);
    while (!rest.empty())
    {
        const std::string item = rest.substr(0, rest.find('|'));
        rest.erase(0, item.size() + 1);
        const auto equals = item.find('=');
        if (equals == std::string::npos)
        {
            return item + " should be Attribute=value";
        }
        const auto problem =
            FindAttributeProblem(type, item.substr(0, equals), item.substr(equals + 1));
        if (!problem.empty())
        {
            return problem;
        }
    }
    return "";
}

/// Look at the value of one attribute.
std::string
FindAttributeProblem(TypeId type, const std::string& name, const std::string& value)
{
    TypeId::AttributeInformation attribute;
    if (!type.LookupAttributeByName(name, &attribute))
    {
        return type.GetName() + " has no attribute " + name + "; " + ListAttributes(type);
    }
    if (attribute.checker->GetValueTypeName() == "ns3::PointerValue")
    {
        const auto problem = FindObjectProblem(value); // ns-3 would end the process
        if (!problem.empty())
        {
            return type.GetName() + ", attribute " + name + ": " + problem;
        }
    }
    if (!attribute.checker->CreateValidValue(StringValue(value)))
    {
        const std::string type_text = attribute.checker->GetUnderlyingTypeInformation();
        return type.GetName() + ", attribute " + name + ": " + value + " is not a value of type " +
               (type_text.empty() ? attribute.checker->GetValueTypeName() : type_text);
    }
    return "";
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
FindOfdmaModelProblem(const std::vector<OfdmaModelSpec>& specs)
{
    for (const auto& spec : specs)
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
        for (const auto& [name, value] : spec.attributes)
        {
            const auto problem = FindAttributeProblem(type, name, value);
            if (!problem.empty())
            {
                return problem;
            }
        }
    }
    return "";
}

} // namespace ns3
