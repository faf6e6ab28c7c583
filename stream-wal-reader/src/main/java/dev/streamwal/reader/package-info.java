/** Reading a log: by reference, by time, the latest, in order. */
@NullMarked
package dev.streamwal.reader;

import org.jspecify.annotations.NullMarked;
