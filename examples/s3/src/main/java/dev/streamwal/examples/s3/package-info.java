/** A log whose old packs are in a bucket of S3, or of a store that speaks its protocol. */
@NullMarked
package dev.streamwal.examples.s3;

import org.jspecify.annotations.NullMarked;
