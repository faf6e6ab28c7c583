/**
 * A pack as it is on disk: one file with segments of many streams, sorted by key, that is written once. Its layouts, its names, its writer and
 * its reader. For the reader and the writer of this project; not exported to others.
 */
@NullMarked
package dev.streamwal.pack;

import org.jspecify.annotations.NullMarked;
