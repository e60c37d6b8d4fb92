/* SPDX-License-Identifier: GPL-3.0-or-later
 * Fuzzes what the library reads from outside: names of models, Modelfiles, and what registries
 * answer. Input: a letter that says which, and the text.
 *
 * What is accepted has to keep its promises: a name's parts are safe, a Modelfile is read back the
 * same once it has been written, sums are sums and paths stay inside. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "library/linnet-registry-json.h"
#include "library/linnet-registry.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);

static void
require (gboolean condition)
{
  if (!condition)
    abort ();
}

static void
read_reference (const char *text)
{
  g_autoptr (LinnetReference) reference = linnet_reference_parse (text, NULL);
  g_autofree char *slug = NULL;

  if (reference == NULL)
    return;
  slug = linnet_registry_make_slug (reference->text);
  require (strchr (slug, '/') == NULL && slug[0] != '.');
  if (reference->kind == LINNET_SOURCE_FILE || reference->kind == LINNET_SOURCE_LINK) {
    require (reference->location != NULL);
    return;
  }
  require (strpbrk (reference->owner, "/\\%?#") == NULL);
  require (strpbrk (reference->name, "/\\%?#") == NULL);
  require (strpbrk (reference->tag, "/\\%?#") == NULL);
  require (strstr (reference->text, "..") == NULL);
}

static void
read_modelfile (const char *text, gsize length)
{
  g_autoptr (LinnetModelfile) modelfile = linnet_modelfile_parse (text, (gssize) length, NULL);
  g_autoptr (LinnetModelfile) again = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;

  if (modelfile == NULL)
    return;
  first = linnet_modelfile_to_string (modelfile);
  again = linnet_modelfile_parse (first, -1, NULL);
  require (again != NULL);
  second = linnet_modelfile_to_string (again);
  require (g_str_equal (first, second));
}

static void
check_files (GPtrArray *files)
{
  static const char *const tags[] = { "", "Q4_K_M", "x" };

  if (files == NULL)
    return;
  for (guint i = 0; i < files->len; i++) {
    const LinnetListedFile *file = files->pdata[i];

    require (file->bytes > 0);
    require (file->sha256 == NULL || linnet_registry_is_sha256 (file->sha256));
    require (file->path[0] != '/' && !g_str_has_prefix (file->path, "../") &&
             strstr (file->path, "/../") == NULL);
  }
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++) {
    g_autoptr (GPtrArray) chosen = linnet_registry_choose (files, tags[i], NULL);

    require (chosen == NULL || chosen->len > 0);
  }
  g_ptr_array_unref (files);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autofree char *text = NULL;
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (LinnetModelfile) modelfile = NULL;
  gsize length = size - 1;

  if (size == 0)
    return 0;
  text = g_strndup ((const char *) data + 1, length);
  bytes = g_bytes_new (data + 1, length);
  modelfile = linnet_modelfile_new ("a");
  switch (data[0]) {
  case 'r':
    read_reference (text);
    break;
  case 'm':
    read_modelfile (text, length);
    break;
  case 'o':
    check_files (linnet_registry_read_manifest (text, length, NULL));
    break;
  case 'h':
    check_files (linnet_registry_read_hugging_face (text, length, NULL));
    break;
  case 's':
    check_files (linnet_registry_read_modelscope (text, length, NULL));
    break;
  case 'p':
    linnet_registry_apply_layer ("params", bytes, modelfile, NULL);
    break;
  case 'g':
    linnet_registry_apply_layer ("messages", bytes, modelfile, NULL);
    break;
  default:
    break;
  }
  return 0;
}
