/** Shared segments: what their slots say, and what streams have in them. */
@NullMarked
package dev.streamwal.shared;

import org.jspecify.annotations.NullMarked;
