/** The command line. Its libraries are optional dependencies: nothing outside this package and `ingest` uses it or them. */
@NullMarked
package dev.streamwal.cli;

import org.jspecify.annotations.NullMarked;
