// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-probe.h"

#include "ofdma-cell-helper.h"

#include <ns3/ofdma-lockstep.h>
#include <ns3/ofdma-model-check.h>
#include <ns3/simulator.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <sstream>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ns3
{

namespace
{

constexpr rlim_t CPU_LIMIT_S = 5;                //!< for the child
constexpr unsigned TIME_LIMIT_S = 20;            //!< for the child, on a machine however busy
constexpr rlim_t MEMORY_LIMIT = rlim_t(4) << 30; //!< bytes, for the child
constexpr uint32_t MOST_TTIS = 20;               //!< that are tried
constexpr uint32_t MOST_UES = 64;                //!< that are tried
constexpr uint32_t MOST_IP_TTIS = 2000;          //!< that applications are tried
constexpr std::size_t MOST_REMEMBERED = 4096;    //!< verdicts

/// The models that a scenario names, with the fields that name them.
struct NamedModel
{
    const char* field;   //!< of the scenario
    OfdmaModelKind kind; //!< that the field wants
    OfdmaModelSpec spec; //!< what it names
};

/// \return all models of a scenario
std::vector<NamedModel>
ListModels(const OfdmaScenario& scenario)
{
    std::vector<NamedModel> models;
    for (const auto& spec : scenario.channel)
    {
        models.push_back({"channel", OfdmaModelKind::LOSS, spec});
    }
    if (scenario.bsAntenna)
    {
        models.push_back({"radio.bs_antenna", OfdmaModelKind::ANTENNA, *scenario.bsAntenna});
    }
    if (scenario.ueAntenna)
    {
        models.push_back({"radio.ue_antenna", OfdmaModelKind::ANTENNA, *scenario.ueAntenna});
    }
    models.push_back({"placement.mobility", OfdmaModelKind::MOBILITY, scenario.mobility});
    if (scenario.internet)
    {
        for (const auto& application : scenario.internet->applications)
        {
            models.push_back(
                {"traffic.applications", OfdmaModelKind::APPLICATION, application.model});
        }
    }
    return models;
}

/// \brief A pipe from the child to this process.
class Pipe
{
  public:
    Pipe()
    {
        NS_ABORT_MSG_IF(pipe(m_ends) != 0, "a pipe cannot be made");
    }

    ~Pipe()
    {
        close(m_ends[0]);
        CloseWriting();
    }

    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    /// \return descriptor of the writing end
    int GetWriting() const
    {
        return m_ends[1];
    }

    /// Close the writing end, in the process that reads.
    void CloseWriting()
    {
        if (m_ends[1] >= 0)
        {
            close(m_ends[1]);
            m_ends[1] = -1;
        }
    }

    /// \return all that was written before the writing end was closed
    std::string Read()
    {
        std::string text;
        char buffer[4096];
        ssize_t size;
        while ((size = read(m_ends[0], buffer, sizeof(buffer))) > 0)
        {
            text.append(buffer, size);
        }
        return text;
    }

  private:
    int m_ends[2]; //!< reading and writing
};

/// The child could do without ending, and found something wrong.
struct ProbeFailure : public std::runtime_error
{
    using std::runtime_error::runtime_error;
};

constexpr char STEP_MARK = '\1'; //!< before what the child says itself, among what ns-3 says

/// \return a text in one line
std::string
FlattenText(std::string text)
{
    std::replace_if(
        text.begin(),
        text.end(),
        [](unsigned char c) { return std::iscntrl(c); },
        ' ');
    return text;
}

/// In the child: tell what is wrong if this is the last thing that it says.
void
BeginStep(const std::string& problem)
{
    std::cerr << STEP_MARK << FlattenText(problem) << std::endl;
}

/// In the child: read each attribute value.
void
TryAttributes(const NamedModel& model)
{
    const auto& spec = model.spec;
    const TypeId type = TypeId::LookupByName(spec.typeId);
    for (const auto& [name, value] : spec.attributes)
    {
        TypeId::AttributeInformation attribute;
        type.LookupAttributeByName(name, &attribute);
        const std::string expected = attribute.checker->HasUnderlyingTypeInformation()
                                         ? attribute.checker->GetUnderlyingTypeInformation()
                                         : attribute.checker->GetValueTypeName();
        BeginStep(model.field + (": " + spec.typeId) + ": \"" + value +
                  "\" is no value of attribute " + name + ", " + expected);
        if (!ReadOfdmaValue(type, name, value))
        {
            throw ProbeFailure("");
        }
    }
}

/// \brief Agents that do nothing
class IdleAgents : public OfdmaAgents
{
  public:
    /// \param cell of which they are
    explicit IdleAgents(OfdmaCell& cell)
        : m_cell(cell)
    {
    }

    bool Lead(uint32_t /* tti */) override
    {
        m_cell.SendDcms(nullptr, 0);
        return true;
    }

    bool Follow(uint32_t /* tti */) override
    {
        m_cell.Act(std::vector<uint16_t>(m_cell.GetUes().size()).data());
        return true;
    }

    void Finish(uint32_t /* tti */) override
    {
    }

  private:
    OfdmaCell& m_cell; //!< of which they are
};

/// In the child: simulate some TTIs, and what else there is besides the MAC to the end. \return the
/// cell
Ptr<OfdmaCell>
RunCell(const OfdmaScenario& scenario)
{
    OfdmaScenario part = scenario;
    part.ttis = std::min(scenario.ttis, MOST_TTIS);
    part.churn.clear();
    part.poissonChurn.reset();
    Simulator::Destroy(); // of the episode under way in the parent
    const auto cell = OfdmaCellHelper::Create(part, 0, true);
    const Time tti = OfdmaGrid::CalcTti(scenario.numerology);
    IdleAgents agents(*cell);
    OfdmaLockstep({cell}, tti, agents).Run();
    Simulator::Stop(tti * (scenario.ttis - part.ttis));
    Simulator::Run();
    return cell;
}

/// In the child: try channel and mobility. \return mean SNRs of the UEs in dB
std::vector<double>
TryChannel(OfdmaScenario scenario)
{
    scenario.ues = std::clamp(scenario.ues, 1U, MOST_UES);
    scenario.internet.reset();
    const auto cell = RunCell(scenario);
    if (!scenario.channel.empty())
    {
        cell->GetChannel()->UpdateLinks();
    }
    std::vector<double> snrs;
    for (const auto& ue : cell->GetUes())
    {
        snrs.push_back(cell->GetMeanSnrDb(*ue));
    }
    cell->Dispose();
    return snrs;
}

/// In the child: try each application, from the beginning, at one UE.
void
TryApplications(OfdmaScenario scenario)
{
    if (!scenario.internet)
    {
        return;
    }
    BeginStep("traffic.applications: ns-3 cannot simulate these applications");
    for (auto& application : scenario.internet->applications)
    {
        application = {application.model, {}, application.downlink};
    }
    scenario.ues = 1;
    scenario.ttis = std::min(scenario.ttis, MOST_IP_TTIS);
    RunCell(scenario)->Dispose();
}

/// In the child: try all that is named in the scenario.
void
TryScenario(const OfdmaScenario& scenario)
{
    for (const auto& model : ListModels(scenario))
    {
        TryAttributes(model);
    }
    BeginStep("channel: ns-3 cannot simulate these loss models, antennas and mobility");
    const auto first = TryChannel(scenario);
    const auto second = TryChannel(scenario);
    BeginStep("channel: ns-3 draws numbers for these models that no seed sets, so that no run is "
              "repeated");
    const auto differ = [](double x, double y) {
        return x != y && !(std::isnan(x) && std::isnan(y));
    };
    if (!std::equal(first.begin(), first.end(), second.begin(), std::not_fn(differ)))
    {
        throw ProbeFailure("");
    }
    TryApplications(scenario);
}

/// \return what the child said last
std::string
FindStep(const std::string& log)
{
    const auto step = log.rfind(STEP_MARK) + 1;
    return log.substr(step, log.find('\n', step) - step);
}

/// \return what the child said last, and the message of ns-3's last words, msg="..."
std::string
FindProblem(const std::string& log)
{
    auto begin = log.find("msg=\"", log.rfind(STEP_MARK) + 1);
    if (begin == std::string::npos)
    {
        return FindStep(log);
    }
    begin += 5;
    return FindStep(log) + ": " + FlattenText(log.substr(begin, log.find("\", ", begin) - begin));
}

/// In the child: what is endless in time or memory ends it.
void
SetLimits()
{
    alarm(TIME_LIMIT_S);
    const rlimit cpu{CPU_LIMIT_S, CPU_LIMIT_S + 1};
    setrlimit(RLIMIT_CPU, &cpu);
#ifndef __SANITIZE_ADDRESS__ // which reserves more than there is
    const rlimit limit{MEMORY_LIMIT, MEMORY_LIMIT};
    setrlimit(RLIMIT_AS, &limit);
#endif
}

/// Try a scenario in a child process. \return what is wrong, or nothing
std::string
Probe(const OfdmaScenario& scenario)
{
    Pipe log;
    const pid_t child = fork();
    NS_ABORT_MSG_IF(child < 0, "a child process cannot be made");
    if (child == 0)
    {
        dup2(log.GetWriting(), STDERR_FILENO);
        closefrom(STDERR_FILENO + 1); // nothing is written to what the parent has open
        try
        {
            SetLimits();
            TryScenario(scenario);
        }
        catch (const std::exception&)
        {
            _exit(EXIT_FAILURE);
        }
        _exit(EXIT_SUCCESS); // without touching what belongs to the parent
    }
    log.CloseWriting();
    const std::string said = log.Read();
    int status;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
    {
        return "";
    }
    if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGALRM || WTERMSIG(status) == SIGXCPU))
    {
        return FindStep(said) + ": it takes longer than " + std::to_string(CPU_LIMIT_S) +
               " s to try";
    }
    return FindProblem(said);
}

/// \return text that tells channels apart
std::string
GetKey(const OfdmaScenario& scenario)
{
    std::ostringstream key;
    key << scenario.carrierFrequency << ' ' << scenario.rbgs << ' ' << scenario.rbsPerRbg << ' '
        << scenario.numerology << ' ' << scenario.ues << ' ' << scenario.radius << ' '
        << scenario.minDistance << ' ' << scenario.bsHeight << ' ' << scenario.ueHeight << ' '
        << scenario.ttis << ' ' << scenario.txPower;
    for (const auto& position : scenario.positions)
    {
        key << ' ' << position;
    }
    if (scenario.internet)
    {
        key << ' ' << scenario.internet->downlinkDelay;
        for (const auto& application : scenario.internet->applications)
        {
            key << ' ' << application.downlink;
        }
    }
    for (const auto& [field, kind, spec] : ListModels(scenario))
    {
        key << '\n' << field << spec.typeId;
        for (const auto& [name, value] : spec.attributes)
        {
            key << '\0' << name << '\0' << value;
        }
    }
    return key.str();
}

} // namespace

std::string
FindOfdmaChannelProblem(const OfdmaScenario& scenario)
{
    for (const auto& [field, kind, spec] : ListModels(scenario))
    {
        const std::string problem = FindOfdmaModelProblem(spec, kind);
        if (!problem.empty())
        {
            return field + (": " + FlattenText(problem));
        }
    }
    if (scenario.channel.empty() && scenario.mobility.typeId == OfdmaScenario().mobility.typeId &&
        !scenario.internet)
    {
        return ""; // nothing to try
    }
    static std::map<std::string, std::string> problems;
    if (problems.size() == MOST_REMEMBERED)
    {
        problems.clear();
    }
    const auto [known, isNew] = problems.try_emplace(GetKey(scenario));
    if (isNew)
    {
        known->second = Probe(scenario);
    }
    return known->second;
}

} // namespace ns3
