// SPDX-License-Identifier: GPL-2.0-only
// llmac-cell: simulates cells for the agents of a Python process, see docs/wire.md and
// docs/ns3gym.md.
#include "catalogue.h"
#include "gym-session.h"
#include "options.h"
#include "scenario-reader.h"
#include "session.h"
#include "version.h"

#include <array>
#include <fstream>
#include <iostream>
#include <unistd.h>

namespace
{

using llmac::Options;
using llmac::UsageError;

constexpr int BAD_USAGE = 2; //!< exit status

constexpr const char* USAGE =
    "usage: llmac-cell --connect=ENDPOINT [--process=I] [--session=N] [--parent-pid=PID] "
    "[--wait=S]\n"
    "                  [--keys=FOLDER]\n"
    "       llmac-cell --wire=ns3gym --port=P --scenario=FILE --seed=N [--rows=M]\n"
    "                  [--parent-pid=PID] [--wait=S]\n"
    "       llmac-cell --models | --version\n";

/// \return what both ways of speaking have in common
llmac::ConnectionOptions
ReadConnection(const Options& options, uint32_t wait)
{
    llmac::ConnectionOptions connection;
    connection.parent = options.GetNumber<pid_t>("parent-pid", 0);
    connection.wait = std::chrono::seconds(options.GetNumber<uint32_t>("wait", wait));
    return connection;
}

/// \return the name of this machine or container
std::string
HostName()
{
    std::array<char, 64> name{};
    gethostname(name.data(), name.size() - 1);
    return name.data();
}

/// Serve a Python process until it closes the session.
void
Serve(const Options& options)
{
    options.CheckNames({"connect", "process", "session", "parent-pid", "wait", "keys"});
    auto where = ReadConnection(options, 10);
    where.endpoint = options.Get("connect");
    const auto process = options.GetNumber<uint32_t>("process", 0);
    // Without a number a cell goes by its host's name, which a container keeps when it is
    // restarted.
    where.routingId = "cell-" + (options.Has("process") ? std::to_string(process) : HostName());
    if (options.Has("keys"))
    {
        where.keys = llmac::ReadKeys(options.Get("keys"));
    }
    llmac::Connection connection(where);
    llmac::Session session(connection, options.GetNumber<uint64_t>("session", 0), process);
    session.Handshake(where.wait);
    session.Serve();
}

/// Simulate one episode for an agent of ns3-gym.
void
ServeGym(const Options& options)
{
    options.CheckNames({"wire", "port", "scenario", "seed", "rows", "parent-pid", "wait"});
    if (options.Get("wire") != "ns3gym")
    {
        throw UsageError("--wire is ns3gym, or not given");
    }
    llmac::v1::Scenario message;
    std::ifstream file(options.Get("scenario"), std::ios::binary);
    if (!file || !message.ParseFromIstream(&file))
    {
        throw UsageError(options.Get("scenario") +
                         " is no serialised scenario; `llmac ns3gym` makes one from YAML");
    }
    const auto scenario = llmac::ReadScenario(message);
    auto where = ReadConnection(options, 60);
    where.endpoint = "tcp://localhost:" + std::to_string(options.GetNumber<uint16_t>("port"));
    where.type = zmq::socket_type::req;
    llmac::Connection connection(where);
    llmac::GymSession(connection,
                      scenario,
                      options.GetNumber<uint64_t>("seed"),
                      options.GetNumber<uint32_t>("rows", 0))
        .Run();
}

/// Print a sentence for the log. \return the exit status
int
Fail(int status, const std::string& reason)
{
    std::cerr << "llmac-cell: " << reason << std::endl;
    return status;
}

} // namespace

int
main(int argc, char* argv[])
{
    try
    {
        const std::string first = argc > 1 ? argv[1] : "";
        if (first == "--version")
        {
            std::cout << "llmac-cell " << llmac::PACKAGE_VERSION << "\nns-3 " << llmac::NS3_VERSION
                      << "\nprotocol " << llmac::PROTOCOL_VERSION << "\nschema "
                      << llmac::SCHEMA_DIGEST << std::endl;
            return 0;
        }
        if (first == "--models")
        {
            return llmac::CreateCatalogue().SerializeToOstream(&std::cout) ? 0 : 1;
        }
        const Options options(argc, argv);
        options.Has("wire") ? ServeGym(options) : Serve(options);
        return 0;
    }
    catch (const UsageError& error)
    {
        std::cerr << USAGE;
        return Fail(BAD_USAGE, error.what());
    }
    catch (const llmac::KeyError& error)
    {
        return Fail(BAD_USAGE, error.what());
    }
    catch (const llmac::HandshakeRefused& error)
    {
        return Fail(llmac::HandshakeRefused::STATUS, error.what());
    }
    catch (const llmac::ConnectionError& error)
    {
        return Fail(error.GetStatus(), error.what());
    }
    catch (const std::exception& error)
    {
        return Fail(1, error.what());
    }
}
