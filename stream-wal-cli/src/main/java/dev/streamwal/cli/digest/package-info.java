/** Digests of streams, and anchors: files that say what a log had at a time. */
@NullMarked
package dev.streamwal.cli.digest;

import org.jspecify.annotations.NullMarked;
