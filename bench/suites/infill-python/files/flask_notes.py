from datetime import datetime

from flask import Flask, abort, jsonify, request

app = Flask(__name__)
notes = []


def find_note(note_id):
    for note in notes:
        if note["id"] == note_id:
            return note
    abort(404)


@app.route("/notes", methods=["GET"])
def list_notes():
    tag = request.args.get("tag")
    if tag:
        return jsonify([note for note in notes if tag in note["tags"]])
    return jsonify(notes)


@app.route("/notes", methods=["POST"])
def create_note():
    data = request.get_json()
    if not data or "text" not in data:
        return jsonify({"error": "text is required"}), 400
    note = {
        "id": len(notes) + 1,
        "text": data["text"],
        "tags": data.get("tags", []),
        "created": datetime.utcnow().isoformat(),
    }
    notes.append(note)
    return jsonify(note), 201


@app.route("/notes/<int:note_id>", methods=["GET"])
def get_note(note_id):
    return jsonify(find_note(note_id))


@app.route("/notes/<int:note_id>", methods=["PUT"])
def update_note(note_id):
    note = find_note(note_id)
    data = request.get_json()
    note["text"] = data.get("text", note["text"])
    note["tags"] = data.get("tags", note["tags"])
    return jsonify(note)


@app.route("/notes/<int:note_id>", methods=["DELETE"])
def delete_note(note_id):
    note = find_note(note_id)
    notes.remove(note)
    return "", 204


@app.errorhandler(404)
def not_found(error):
    return jsonify({"error": "not found"}), 404


if __name__ == "__main__":
    app.run(debug=True)
