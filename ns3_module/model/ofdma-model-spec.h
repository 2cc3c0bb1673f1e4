// SPDX-License-Identifier: GPL-2.0-only
#ifndef OFDMA_MODEL_SPEC_H
#define OFDMA_MODEL_SPEC_H

#include <ns3/abort.h>
#include <ns3/object.h>

#include <map>
#include <string>

namespace ns3
{

/// An object of ns-3 by the name of its TypeId, with attributes as ns-3 writes them.
struct OfdmaModelSpec
{
    using Attributes = std::map<std::string, std::string>; //!< value by name

    std::string typeId;    //!< for instance "ns3::FriisPropagationLossModel"
    Attributes attributes; //!< those that differ from ns-3's defaults
};

/**
 * \ingroup ofdma-mac
 * \brief Read "ns3::Type[Name=value|Name=value]", where a value may be such a text again
 *
 * Unlike ns3::ObjectFactory, which splits at each "|", it heeds the brackets.
 */
OfdmaModelSpec ParseOfdmaModelSpec(const std::string& text);

/**
 * \ingroup ofdma-mac
 * \brief Read the value of an attribute
 * \param type that has the attribute
 * \param name of the attribute
 * \param text as ns-3 writes it, or with objects in objects
 * \return the value, or null when the text is none; NS_ABORT when an object in it cannot be made
 */
Ptr<AttributeValue> ReadOfdmaValue(TypeId type, const std::string& name, const std::string& text);

/**
 * \ingroup ofdma-mac
 * \brief Make an object
 * \param spec what to make; NS_ABORT when a value does not fit
 * \param defaults values of attributes that the spec does not give; those that the type lacks are
 * left out
 */
Ptr<Object> CreateOfdmaModel(const OfdmaModelSpec& spec,
                             const OfdmaModelSpec::Attributes& defaults = {});

/**
 * \ingroup ofdma-mac
 * \brief The same, of a known base class
 */
template <typename Model>
Ptr<Model>
CreateOfdmaModel(const OfdmaModelSpec& spec, const OfdmaModelSpec::Attributes& defaults = {})
{
    auto model = DynamicCast<Model>(CreateOfdmaModel(spec, defaults));
    NS_ABORT_MSG_UNLESS(model, spec.typeId << " is no " << Model::GetTypeId().GetName());
    return model;
}

} // namespace ns3

#endif // OFDMA_MODEL_SPEC_H
