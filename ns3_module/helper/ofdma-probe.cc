// SPDX-License-Identifier: GPL-2.0-only
#include "ofdma-probe.h"

#include "ofdma-cell-helper.h"

#include <ns3/ofdma-model-check.h>
#include <ns3/string.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace ns3
{

namespace
{

constexpr unsigned TIME_LIMIT_S = 5; //!< for the child

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

/// \brief Tells the reader of a pipe what is being tried.
class StepWriter
{
  public:
    /// \param descriptor writing end
    explicit StepWriter(int descriptor)
        : m_descriptor(descriptor)
    {
    }

    /// Begin a step.
    void Begin(const std::string& step) const
    {
        const std::string line = step + "\n";
        if (write(m_descriptor, line.data(), line.size()) < 0)
        {
            _exit(EXIT_FAILURE); // nobody reads any more
        }
    }

  private:
    int m_descriptor; //!< writing end
};

/// In the child: convert each attribute value.
void
TryAttributes(const OfdmaModelSpec& spec, const StepWriter& steps)
{
    const TypeId type = TypeId::LookupByName(spec.typeId);
    for (const auto& [name, value] : spec.attributes)
    {
        TypeId::AttributeInformation attribute;
        type.LookupAttributeByName(name, &attribute);
        const std::string expected = attribute.checker->HasUnderlyingTypeInformation()
                                         ? attribute.checker->GetUnderlyingTypeInformation()
                                         : attribute.checker->GetValueTypeName();
        steps.Begin(spec.typeId + ": \"" + value + "\" is no value of attribute " + name + ", " +
                    expected);
        if (!attribute.checker->CreateValidValue(StringValue(value)))
        {
            throw ProbeFailure("");
        }
    }
}

/// In the child: simulate two TTIs.
void
TryCell(const OfdmaScenario& scenario, const StepWriter& steps)
{
    steps.Begin("the loss models do not work together");
    const auto cell = OfdmaCellHelper::Create(scenario, 0, true);
    cell->BeginTti(0);
    cell->EndTti();
    cell->BeginTti(1);
    steps.Begin("the loss models give a gain that is no number");
    for (const auto& ue : cell->GetUes())
    {
        if (std::isnan(cell->GetMeanSnrDb(*ue)) || cell->GetMeanSnrDb(*ue) > 1000)
        {
            throw ProbeFailure("");
        }
    }
}

/// \return the message of ns-3's last words, msg="..."
std::string
FindMessage(const std::string& log)
{
    const auto begin = log.rfind("msg=\"");
    const auto end = log.find("\", ", begin);
    return begin == std::string::npos ? "" : ": " + log.substr(begin + 5, end - begin - 5);
}

/// Try a channel in a child process. \return what is wrong, or nothing
std::string
Probe(const OfdmaScenario& scenario)
{
    Pipe steps;
    Pipe log;
    const pid_t child = fork();
    NS_ABORT_MSG_IF(child < 0, "a child process cannot be made");
    if (child == 0)
    {
        alarm(TIME_LIMIT_S); // ends it
        dup2(log.GetWriting(), STDERR_FILENO);
        try
        {
            const StepWriter writer(steps.GetWriting());
            for (const auto& spec : scenario.channel)
            {
                TryAttributes(spec, writer);
            }
            TryCell(scenario, writer);
        }
        catch (const ProbeFailure&)
        {
            _exit(EXIT_FAILURE);
        }
        _exit(EXIT_SUCCESS); // without touching what belongs to the parent
    }
    steps.CloseWriting();
    log.CloseWriting();
    std::string tried = steps.Read();
    const std::string message = FindMessage(log.Read());
    int status;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
    {
        return "";
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
    {
        return "the loss models take longer than " + std::to_string(TIME_LIMIT_S) + " s";
    }
    tried.erase(tried.find_last_not_of('\n') + 1);
    return tried.substr(tried.rfind('\n') + 1) + message;
}

/// \return text that tells channels apart
std::string
GetKey(const OfdmaScenario& scenario)
{
    std::ostringstream key;
    key << scenario.carrierFrequency << ' ' << scenario.rbgs << ' ' << scenario.rbsPerRbg << ' '
        << scenario.numerology << ' ' << scenario.ues << ' ' << scenario.radius << ' '
        << scenario.minDistance << ' ' << scenario.bsHeight << ' ' << scenario.ueHeight;
    for (const auto& position : scenario.positions)
    {
        key << ' ' << position;
    }
    for (const auto& spec : scenario.channel)
    {
        key << '\n' << spec.typeId;
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
    for (const auto& spec : scenario.channel)
    {
        const std::string problem = FindOfdmaModelProblem(spec);
        if (!problem.empty())
        {
            return problem;
        }
    }
    if (scenario.channel.empty())
    {
        return "";
    }
    static std::map<std::string, std::string> problems;
    const auto [known, isNew] = problems.try_emplace(GetKey(scenario));
    if (isNew)
    {
        known->second = Probe(scenario);
    }
    return known->second;
}

} // namespace ns3
