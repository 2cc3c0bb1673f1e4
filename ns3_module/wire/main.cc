// SPDX-License-Identifier: GPL-2.0-only
// llmac-cell: simulates cells for the agents of a Python process, see docs/wire.md.
#include "catalogue.h"
#include "session.h"
#include "version.h"

#include <charconv>
#include <iostream>
#include <map>

namespace
{

constexpr int BAD_USAGE = 2; //!< exit status

constexpr const char* USAGE =
    "usage: llmac-cell --connect=ENDPOINT --session=N --process=I [--parent-pid=PID]\n"
    "       llmac-cell --models | --version\n";

/// The command line cannot be understood.
struct UsageError : std::runtime_error
{
    using std::runtime_error::runtime_error;
};

/// \return the value of each option, written --name=value or --name value
std::map<std::string, std::string>
ReadOptions(int argc, char* argv[])
{
    std::map<std::string, std::string> options;
    for (int i = 1; i < argc; ++i)
    {
        const std::string text = argv[i];
        const auto equals = text.find('=');
        if (text.rfind("--", 0) != 0 || (equals == std::string::npos && i + 1 == argc))
        {
            throw UsageError(text + " is no option with a value");
        }
        const std::string name = text.substr(2, equals == std::string::npos ? equals : equals - 2);
        options[name] = equals == std::string::npos ? argv[++i] : text.substr(equals + 1);
    }
    return options;
}

/// \return an option as a decimal number
template <typename T>
T
ReadNumber(const std::map<std::string, std::string>& options, const std::string& name)
{
    const auto option = options.find(name);
    if (option == options.end())
    {
        throw UsageError("--" + name + " is missing");
    }
    const std::string& text = option->second;
    T number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size())
    {
        throw UsageError("--" + name + " is a decimal number, not " + text);
    }
    return number;
}

/// Serve a Python process until it closes the session.
void
Serve(const std::map<std::string, std::string>& options)
{
    if (options.count("connect") == 0)
    {
        throw UsageError("--connect is missing");
    }
    const auto session = ReadNumber<uint64_t>(options, "session");
    const auto process = ReadNumber<uint32_t>(options, "process");
    const auto parent = options.count("parent-pid") ? ReadNumber<pid_t>(options, "parent-pid") : 0;
    llmac::Connection connection(options.at("connect"), process, parent);
    llmac::Session conversation(connection, session, process);
    conversation.Handshake();
    conversation.Serve();
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
        Serve(ReadOptions(argc, argv));
        return 0;
    }
    catch (const UsageError& error)
    {
        std::cerr << USAGE;
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
