/** Files of other formats, read as rows that become records. */
@NullMarked
package dev.streamwal.cli.ingest;

import org.jspecify.annotations.NullMarked;
