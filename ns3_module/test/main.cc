// SPDX-License-Identifier: GPL-2.0-only
// Runs every suite of this program, or what the options of ns3::TestRunner ask for (--help lists
// them).
#include <ns3/test.h>

#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace
{

/// \return the exit status of a run with these options
int
Run(std::vector<std::string> options)
{
    std::vector<char*> arguments;
    for (auto& option : options)
    {
        arguments.push_back(option.data());
    }
    arguments.push_back(nullptr); // ends argv
    return ns3::TestRunner::Run(static_cast<int>(options.size()), arguments.data());
}

/// \return names of all suites
std::vector<std::string>
ListSuites(const std::string& program)
{
    std::ostringstream list;
    std::streambuf* const terminal = std::cout.rdbuf(list.rdbuf());
    Run({program, "--list"});
    std::cout.rdbuf(terminal);
    std::istringstream lines(list.str());
    std::vector<std::string> suites;
    for (std::string suite; lines >> suite;)
    {
        suites.push_back(suite);
    }
    return suites;
}

} // namespace

int
main(int argc, char* argv[])
{
    if (argc > 2 || (argc == 2 && std::strcmp(argv[1], "--verbose") != 0))
    {
        return ns3::TestRunner::Run(argc, argv);
    }
    int failed = 0;
    for (const auto& suite :
         ListSuites(argv[0])) // one at a time: newer versions of ns-3 ask for it
    {
        failed |= Run({argv[0], "--test-name=" + suite, "--verbose"});
    }
    return failed;
}
