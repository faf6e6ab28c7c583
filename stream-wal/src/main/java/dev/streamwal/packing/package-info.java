/** Copies small segments of many streams into packs, and keeps account of what packs there are. */
@NullMarked
package dev.streamwal.packing;

import org.jspecify.annotations.NullMarked;
