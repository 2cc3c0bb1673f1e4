// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

namespace llmac
{

Options::Options(int argc, char* argv[])
{
    for (int i = 1; i < argc; ++i)
    {
        const std::string text = argv[i];
        const auto equals = text.find('=');
        if (text.rfind("--", 0) != 0 || (equals == std::string::npos && i + 1 == argc))
        {
            throw UsageError(text + " is no option with a value");
        }
        const std::string name = text.substr(2, equals == std::string::npos ? equals : equals - 2);
        m_values[name] = equals == std::string::npos ? argv[++i] : text.substr(equals + 1);
    }
}

void
Options::CheckNames(const std::set<std::string>& names) const
{
    for (const auto& [name, value] : m_values)
    {
        if (names.count(name) == 0)
        {
            throw UsageError("there is no option --" + name + " here");
        }
    }
}

bool
Options::Has(const std::string& name) const
{
    return m_values.count(name) > 0;
}

const std::string&
Options::Get(const std::string& name) const
{
    const auto value = m_values.find(name);
    if (value == m_values.end())
    {
        throw UsageError("--" + name + " is missing");
    }
    return value->second;
}

} // namespace llmac
