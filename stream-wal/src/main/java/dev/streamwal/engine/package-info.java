/**
 * What an open log owns and runs: its streams and their folders, recovery of all streams, threads for continuations and events, checkpoints. Knows
 * nothing of the public API.
 */
@NullMarked
package dev.streamwal.engine;

import org.jspecify.annotations.NullMarked;
