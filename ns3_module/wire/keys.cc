// SPDX-License-Identifier: GPL-2.0-only
#include "keys.h"

#include <fstream>
#include <sys/stat.h>
#include <zmq.h>

namespace llmac
{

namespace
{

constexpr std::size_t Z85_LENGTH = 40; //!< of a key of 32 bytes

/// \return the key in a file
std::string
ReadKey(const std::string& path)
{
    std::ifstream file(path);
    std::string key;
    if (!file)
    {
        throw KeyError(path + " cannot be read; `llmac keys` makes the keys of a cell");
    }
    file >> key;
    uint8_t raw[32];
    if (key.size() != Z85_LENGTH || !zmq_z85_decode(raw, key.c_str()))
    {
        throw KeyError(path + " holds no key: a key has 40 characters of Z85");
    }
    return key;
}

} // namespace

CurveKeys
ReadKeys(const std::string& folder)
{
    CurveKeys keys;
    keys.server = ReadKey(folder + "/server.key");
    const std::string path = folder + "/secret.key";
    keys.secret = ReadKey(path);
    struct stat status;
    if (stat(path.c_str(), &status) != 0 || (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    {
        throw KeyError("others can read " + path + "; type: chmod 600 " + path);
    }
    char open[Z85_LENGTH + 1];
    if (zmq_curve_public(open, keys.secret.c_str()) != 0)
    {
        throw KeyError("the ZeroMQ that this cell is linked with has no CURVE");
    }
    keys.open = open;
    return keys;
}

void
CheckEndpoint(const std::string& endpoint, bool hasKeys)
{
    for (const char* local :
         {"ipc://", "inproc://", "tcp://127.0.0.1:", "tcp://localhost:", "tcp://[::1]:"})
    {
        if (endpoint.rfind(local, 0) == 0)
        {
            return;
        }
    }
    if (endpoint.rfind("tcp://", 0) != 0)
    {
        throw KeyError(endpoint + " is no ipc or tcp endpoint");
    }
    if (!hasKeys)
    {
        throw KeyError(endpoint + " is not on this machine, and a cell goes there with keys only: "
                                  "make them with `llmac keys` and give --keys");
    }
}

} // namespace llmac
