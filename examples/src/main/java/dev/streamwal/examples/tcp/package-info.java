/** Entries over TCP, from the reader's buffers to the socket: a server, a client, and a program that runs both. */
@NullMarked
package dev.streamwal.examples.tcp;

import org.jspecify.annotations.NullMarked;
