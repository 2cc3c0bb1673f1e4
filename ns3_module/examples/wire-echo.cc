// SPDX-License-Identifier: GPL-2.0-only
// Answers messages with messages of given sizes and does nothing else, to measure what ZeroMQ
// itself takes:
//   wire-echo ENDPOINT SIZE...
// The sizes take turns; an empty message ends it.
#include <iostream>
#include <vector>
#include <zmq.hpp>

int
main(int argc, char* argv[])
{
    try
    {
        std::vector<std::size_t> sizes;
        for (int i = 2; i < argc; ++i)
        {
            sizes.push_back(std::stoul(argv[i]));
        }
        if (sizes.empty())
        {
            throw std::invalid_argument("usage: wire-echo ENDPOINT SIZE...");
        }
        zmq::context_t context(1);
        zmq::socket_t socket(context, zmq::socket_type::dealer);
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::rcvtimeo, 120000); // who started it may be gone
        socket.connect(argv[1]);
        socket.send(zmq::message_t("hello", 5), zmq::send_flags::none);
        zmq::message_t request;
        for (std::size_t i = 0; socket.recv(request) && request.size() > 0; ++i)
        {
            socket.send(zmq::message_t(sizes[i % sizes.size()]), zmq::send_flags::none);
        }
        return 0;
    }
    catch (const std::exception& error)
    {
        std::cerr << "wire-echo: " << error.what() << std::endl;
        return 1;
    }
}
