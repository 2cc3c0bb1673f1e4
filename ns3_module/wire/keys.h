// SPDX-License-Identifier: GPL-2.0-only
#ifndef LLMAC_KEYS_H
#define LLMAC_KEYS_H

#include <stdexcept>
#include <string>

namespace llmac
{

/// Keys that cannot be used, or an address that needs some.
class KeyError : public std::runtime_error
{
  public:
    using std::runtime_error::runtime_error;
};

/// What a cell needs to speak with Python over CURVE, in Z85.
struct CurveKeys
{
    std::string server; //!< public key of Python
    std::string open;   //!< public key of the cell
    std::string secret; //!< secret key of the cell
};

/**
 * \param folder with server.key and secret.key, as `llmac keys` makes it
 * \throw KeyError when one is missing, is no key, or others can read the secret
 */
CurveKeys ReadKeys(const std::string& folder);

/**
 * Look whether an endpoint may be connected to: ipc and the loopback interface always, others over
 * tcp with keys only.
 * \throw KeyError
 */
void CheckEndpoint(const std::string& endpoint, bool hasKeys);

} // namespace llmac

#endif // LLMAC_KEYS_H
