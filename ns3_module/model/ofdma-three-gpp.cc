// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-three-gpp.h"

#include <ns3/abort.h>
#include <ns3/pointer.h>

namespace ns3
{

namespace
{

/// What belongs to a path loss of 3GPP.
struct Environment
{
    const char* pathLoss;  //!< its TypeId
    const char* condition; //!< TypeId of its channel condition model
    const char* scenario;  //!< its name in ThreeGppChannelModel
};

// The condition models of 3GPP for V2V look at buildings, and a cell has none: their statistical
// counterparts take their place.
constexpr Environment ENVIRONMENTS[] = {
    {"ns3::ThreeGppUmaPropagationLossModel", "ns3::ThreeGppUmaChannelConditionModel", "UMa"},
    {"ns3::ThreeGppUmiStreetCanyonPropagationLossModel",
     "ns3::ThreeGppUmiStreetCanyonChannelConditionModel",
     "UMi-StreetCanyon"},
    {"ns3::ThreeGppRmaPropagationLossModel", "ns3::ThreeGppRmaChannelConditionModel", "RMa"},
    {"ns3::ThreeGppIndoorOfficePropagationLossModel",
     "ns3::ThreeGppIndoorOpenOfficeChannelConditionModel",
     "InH-OfficeOpen"},
    {"ns3::ThreeGppV2vUrbanPropagationLossModel",
     "ns3::ProbabilisticV2vUrbanChannelConditionModel",
     "V2V-Urban"},
    {"ns3::ThreeGppV2vHighwayPropagationLossModel",
     "ns3::ProbabilisticV2vHighwayChannelConditionModel",
     "V2V-Highway"},
};

/// \return what belongs to a path loss
const Environment&
FindEnvironment(Ptr<Object> pathLoss)
{
    const std::string name = pathLoss->GetInstanceTypeId().GetName();
    for (const auto& environment : ENVIRONMENTS)
    {
        if (name == environment.pathLoss)
        {
            return environment;
        }
    }
    NS_ABORT_MSG(name << " needs its attribute ChannelConditionModel, or, with fast fading, the "
                         "Scenario of the ChannelModel");
}

} // namespace

Ptr<ChannelConditionModel>
CompleteOfdmaPathLoss(Ptr<ThreeGppPropagationLossModel> pathLoss)
{
    if (!pathLoss->GetChannelConditionModel())
    {
        pathLoss->SetChannelConditionModel(
            CreateOfdmaModel<ChannelConditionModel>({FindEnvironment(pathLoss).condition, {}}));
    }
    return pathLoss->GetChannelConditionModel();
}

Ptr<ThreeGppChannelModel>
CreateOfdmaChannelModel(const OfdmaModelSpec& spec,
                        double frequency,
                        Ptr<ThreeGppPropagationLossModel> pathLoss)
{
    OfdmaModelSpec::Attributes defaults = {{"Frequency", std::to_string(frequency)},
                                           {"UpdatePeriod", "10ms"}};
    if (pathLoss && spec.attributes.count("Scenario") == 0)
    {
        defaults["Scenario"] = FindEnvironment(pathLoss).scenario;
    }
    auto model = CreateOfdmaModel<ThreeGppChannelModel>(spec, defaults);
    if (!model->GetChannelConditionModel())
    {
        model->SetChannelConditionModel(
            pathLoss ? pathLoss->GetChannelConditionModel()
                     : CreateOfdmaModel<ChannelConditionModel>({ENVIRONMENTS[0].condition, {}}));
    }
    return model;
}

} // namespace ns3
