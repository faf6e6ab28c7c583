/** The packs that a log has, and the ranges in them that don't count. */
@NullMarked
package dev.streamwal.manifest;

import org.jspecify.annotations.NullMarked;
