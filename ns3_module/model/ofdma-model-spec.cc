// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-model-spec.h"

#include <ns3/object-factory.h>
#include <ns3/pointer.h>
#include <ns3/string.h>

namespace ns3
{

namespace
{

/// \return where a list goes on after its first item: the first "|" outside of brackets, or the end
std::size_t
FindSeparator(const std::string& list, std::size_t begin)
{
    int depth = 0;
    for (std::size_t i = begin; i < list.size(); ++i)
    {
        depth += list[i] == '[' ? 1 : list[i] == ']' ? -1 : 0;
        if (list[i] == '|' && depth == 0)
        {
            return i;
        }
    }
    return list.size();
}

} // namespace

OfdmaModelSpec
ParseOfdmaModelSpec(const std::string& text)
{
    const auto bracket = text.find('[');
    OfdmaModelSpec spec{text.substr(0, bracket), {}};
    if (bracket == std::string::npos)
    {
        return spec;
    }
    NS_ABORT_MSG_UNLESS(text.back() == ']', text << " should end with ]");
    const std::string list = text.substr(bracket + 1, text.size() - bracket - 2);
    for (std::size_t begin = 0; begin < list.size();)
    {
        const auto end = FindSeparator(list, begin);
        const std::string item = list.substr(begin, end - begin);
        const auto equals = item.find('=');
        NS_ABORT_MSG_IF(equals == std::string::npos, item << " should be Attribute=value");
        spec.attributes[item.substr(0, equals)] = item.substr(equals + 1);
        begin = end + 1;
    }
    return spec;
}

Ptr<AttributeValue>
ReadOfdmaValue(TypeId type, const std::string& name, const std::string& text)
{
    TypeId::AttributeInformation attribute;
    NS_ABORT_MSG_UNLESS(type.LookupAttributeByName(name, &attribute),
                        type.GetName() << " has no attribute " << name);
    if (attribute.checker->GetValueTypeName() != "ns3::PointerValue")
    {
        return attribute.checker->CreateValidValue(StringValue(text));
    }
    const PointerValue object(CreateOfdmaModel(ParseOfdmaModelSpec(text)));
    return attribute.checker->CreateValidValue(object);
}

Ptr<Object>
CreateOfdmaModel(const OfdmaModelSpec& spec, const OfdmaModelSpec::Attributes& defaults)
{
    TypeId type;
    NS_ABORT_MSG_UNLESS(TypeId::LookupByNameFailSafe(spec.typeId, &type) && type.HasConstructor(),
                        "there is no ns-3 object " << spec.typeId);
    ObjectFactory factory;
    factory.SetTypeId(type);
    auto attributes = spec.attributes;
    for (const auto& [name, text] : defaults)
    {
        TypeId::AttributeInformation attribute;
        if (type.LookupAttributeByName(name, &attribute))
        {
            attributes.emplace(name, text);
        }
    }
    for (const auto& [name, text] : attributes)
    {
        const auto value = ReadOfdmaValue(type, name, text);
        NS_ABORT_MSG_UNLESS(value,
                            "\"" << text << "\" is no value of attribute " << name << " of "
                                 << spec.typeId);
        factory.Set(name, *value);
    }
    return factory.Create();
}

} // namespace ns3
