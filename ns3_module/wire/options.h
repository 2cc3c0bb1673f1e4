// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_OPTIONS_H
#define LLMAC_OPTIONS_H

#include <charconv>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>

namespace llmac
{

/// The command line cannot be understood.
class UsageError : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

/// The options of a command line, written --name=value or --name value.
class Options
{
  public:
    /// \throw UsageError when something is no option with a value
    Options(int argc, char* argv[]);

    /// \throw UsageError when an option is not among these
    void CheckNames(const std::set<std::string>& names) const;

    /// \return whether an option is given
    bool Has(const std::string& name) const;

    /// \return the value of an option \throw UsageError when it is not given
    const std::string& Get(const std::string& name) const;

    /**
     * \param otherwise when the option is not given; none: it has to be
     * \return an option as a decimal number
     * \throw UsageError
     */
    template <typename T>
    T GetNumber(const std::string& name, std::optional<T> otherwise = std::nullopt) const
    {
        if (otherwise && !Has(name))
        {
            return *otherwise;
        }
        const std::string& text = Get(name);
        T number{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size())
        {
            throw UsageError("--" + name + " is a decimal number, not " + text);
        }
        return number;
    }

  private:
    std::map<std::string, std::string> m_values; //!< by name
};

} // namespace llmac

#endif // LLMAC_OPTIONS_H
