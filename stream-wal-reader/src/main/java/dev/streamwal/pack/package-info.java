/**
 * Packs on disk: a pack is one file with segments of many streams, sorted by key, that is written once. Layouts, names, writer and reader. For
 * the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.pack;

import org.jspecify.annotations.NullMarked;
