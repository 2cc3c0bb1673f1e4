// SPDX-License-Identifier: GPL-2.0-only
#include "ip-reader.h"

#include "field-check.h"
#include "model-reader.h"

#include <ns3/ofdma-transport-block.h>

#include <algorithm>
#include <sys/resource.h>
#include <unistd.h>

namespace llmac
{

namespace
{

constexpr uint32_t GREATEST_TTI = 1000000;
constexpr rlim_t OTHER_FILES = 64;        //!< that a process has open besides captures
constexpr uint32_t GREATEST_UE = 1 << 20; //!< id; more UEs than ever join

/// \return an application
ns3::OfdmaApplicationSpec
ReadApplication(const v1::Application& message)
{
    ns3::OfdmaApplicationSpec application;
    application.model = ReadModel(message.model());
    for (uint32_t ue : message.ues())
    {
        application.ues.push_back(
            InRange("traffic.applications.ues", ue, 0U, uint32_t(GREATEST_UE)));
    }
    switch (message.direction())
    {
    case v1::Application::DIRECTION_UP:
        application.downlink = false;
        break;
    case v1::Application::DIRECTION_DOWN:
        application.downlink = true;
        break;
    default:
        Refuse("traffic.applications.direction is up or down");
    }
    application.startTti =
        InRange("traffic.applications.start_tti", message.start_tti(), 0U, GREATEST_TTI);
    application.stopTti =
        InRange("traffic.applications.stop_tti", message.stop_tti(), 0U, GREATEST_TTI);
    application.jitterTtis =
        InRange("traffic.applications.jitter_ttis", message.jitter_ttis(), 0U, GREATEST_TTI);
    return application;
}

} // namespace

ns3::OfdmaInternetSpec
ReadIp(const v1::Traffic::Ip& message)
{
    ns3::OfdmaInternetSpec spec;
    InRange("the number of traffic.applications",
            static_cast<uint32_t>(message.applications_size()),
            0U,
            uint32_t(ns3::OfdmaInternet::MOST_APPLICATIONS));
    for (const auto& application : message.applications())
    {
        spec.applications.push_back(ReadApplication(application));
    }
    spec.downlinkDelay =
        InRange("traffic.downlink_delay_ttis", message.downlink_delay_ttis(), 0U, GREATEST_TTI);
    return spec;
}

void
CheckIp(const ns3::OfdmaScenario& scenario)
{
    if (!scenario.internet)
    {
        return;
    }
    if (scenario.linkAdaptation)
    {
        Refuse("traffic ip and radio.link_adaptation exclude each other: packets are cut for the "
               "transport block of radio.mcs");
    }
    const uint32_t bits = ns3::GetOfdmaTransportBlockBits(scenario.mcs, scenario.rbsPerRbg);
    if (ns3::OfdmaInternet::GetPayload(bits) == 0)
    {
        Refuse("traffic: a dPDU of " + std::to_string(bits) +
               " bits has no room for a byte of an IP packet; raise radio.mcs or "
               "radio.rbs_per_rbg");
    }
}

void
SetCaptures(const std::string& folder, ns3::OfdmaScenario& scenario)
{
    if (folder.empty())
    {
        return;
    }
    if (!scenario.internet)
    {
        Refuse("captures: there are no packets to capture without IP traffic");
    }
    if (access(folder.c_str(), W_OK | X_OK) != 0)
    {
        Refuse("captures: " + folder + " is no folder in which the cell can write");
    }
    scenario.internet->captures = folder;
}

void
ReserveCaptures(const std::vector<ns3::OfdmaScenario>& scenarios,
                const std::vector<uint32_t>& scenarioIndex)
{
    rlim_t files = OTHER_FILES;
    for (uint32_t index : scenarioIndex)
    {
        const auto& scenario = scenarios[index];
        if (!scenario.internet || scenario.internet->captures.empty())
        {
            continue;
        }
        files += 1 + scenario.ues + (scenario.poissonChurn ? scenario.poissonChurn->maxJoins : 0);
        for (const auto& event : scenario.churn)
        {
            files += event.join;
        }
    }
    rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (files > limit.rlim_max)
    {
        Refuse("captures: one file for each node would be " + std::to_string(files) +
               " open files, and this system allows " + std::to_string(limit.rlim_max) +
               "; capture fewer environments at a time");
    }
    limit.rlim_cur = std::max(limit.rlim_cur, files);
    setrlimit(RLIMIT_NOFILE, &limit);
}

} // namespace llmac
