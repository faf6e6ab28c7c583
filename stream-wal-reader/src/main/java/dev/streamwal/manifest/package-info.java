/** The packs that a log has, the ranges in them that don't count, and which of them are in the log's tier. */
@NullMarked
package dev.streamwal.manifest;

import org.jspecify.annotations.NullMarked;
