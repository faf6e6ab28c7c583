/** Packs: files with segments of many streams. */
@NullMarked
package dev.streamwal.pack;

import org.jspecify.annotations.NullMarked;
