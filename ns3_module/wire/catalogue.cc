// SPDX-License-Identifier: GPL-2.0-only
#include "catalogue.h"

#include <ns3/ofdma-model-check.h>
#include <ns3/phased-array-spectrum-propagation-loss-model.h>
#include <ns3/propagation-loss-model.h>
#include <ns3/spectrum-propagation-loss-model.h>

#include <map>

namespace llmac
{

namespace
{

using ns3::TypeId;

/// \return the family of a type; FAMILY_UNSPECIFIED when it is no loss model
v1::LossModel::Family
GetFamily(TypeId type)
{
    if (type.IsChildOf(ns3::PropagationLossModel::GetTypeId()))
    {
        return v1::LossModel::FAMILY_FLAT;
    }
    if (type.IsChildOf(ns3::SpectrumPropagationLossModel::GetTypeId()))
    {
        return v1::LossModel::FAMILY_SPECTRUM;
    }
    if (type.IsChildOf(ns3::PhasedArraySpectrumPropagationLossModel::GetTypeId()))
    {
        return v1::LossModel::FAMILY_PHASED_ARRAY;
    }
    return v1::LossModel::FAMILY_UNSPECIFIED;
}

/// Write one attribute.
void
Write(const TypeId::AttributeInformation& attribute, v1::LossModel::Attribute& message)
{
    const auto& checker = *attribute.checker;
    message.set_name(attribute.name);
    message.set_help(attribute.help);
    message.set_type(checker.HasUnderlyingTypeInformation() ? checker.GetUnderlyingTypeInformation()
                                                            : checker.GetValueTypeName());
    message.set_default_value(attribute.initialValue->SerializeToString(attribute.checker));
}

/// Write one loss model.
void
Write(TypeId type, v1::LossModel& message)
{
    message.set_type_id(type.GetName());
    message.set_family(GetFamily(type));
    message.set_group(type.GetGroupName());
    message.set_obstacle(ns3::FindOfdmaModelObstacle(type));
    const auto note = ns3::GetOfdmaModelNote(type);
    message.set_alone(note.alone);
    message.set_needs(note.needs);
    while (true)
    {
        for (std::size_t i = 0; i < type.GetAttributeN(); ++i)
        {
            Write(type.GetAttribute(i), *message.add_attributes());
        }
        if (!type.HasParent() || type.GetParent() == type)
        {
            return;
        }
        type = type.GetParent();
    }
}

} // namespace

v1::ModelCatalogue
CreateCatalogue()
{
    std::map<std::string, TypeId> types;
    for (uint32_t i = 0; i < TypeId::GetRegisteredN(); ++i)
    {
        const TypeId type = TypeId::GetRegistered(i);
        if (GetFamily(type) != v1::LossModel::FAMILY_UNSPECIFIED)
        {
            types.emplace(type.GetName(), type);
        }
    }
    v1::ModelCatalogue catalogue;
    for (const auto& [name, type] : types)
    {
        Write(type, *catalogue.add_models());
    }
    return catalogue;
}

} // namespace llmac
