/** Shared segments: the slots that describe their records, and the parts that streams have in them. */
@NullMarked
package dev.streamwal.shared;

import org.jspecify.annotations.NullMarked;
